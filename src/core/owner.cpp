// Owners: this process's token, the proof of another's death, and what the primitives do with it.
#include <crosswake/detail/owner.hpp>

#include <backend/clock.hpp>
#include <backend/process.hpp>
#include <core/peers.hpp>
#include <core/reactors.hpp>
#include <core/segment.hpp>
#include <core/settings.hpp>
#include <crosswake/detail/ring.hpp>
#include <crosswake/mutex.hpp>

namespace crosswake::detail {
namespace {

constinit atomic<owner_token> not_known_yet{nobody};

struct answer {
    owner_token owner = nobody;
    std::int64_t asked_ns = 0;
};
constinit thread_local answer last_answer; // of the proofs that were asked for, the last that was not to be had

struct round_of_questions {
    const void* held = nullptr;
    std::int64_t asked_ns = 0;
};
constinit thread_local round_of_questions last_round;

/// A little less than the interval at which waiters look, or each second look would come too early.
bool is_too_early(std::int64_t now, std::int64_t asked_ns) noexcept {
    return now - asked_ns < core::owner_check_ns() * 9 / 10;
}

} // namespace

constinit atomic<const atomic<owner_token>*> this_process_cell{&not_known_yet};

owner_token find_out_this_process() noexcept {
    core::prepare_for_fork();
    auto& cell = backend::identity_cell();
    const auto me = backend::identify();
    // First the holds, then the name: whoever sees a thing held under this name and asks for proof must find them. Two
    // threads that come here at once do the same twice. Where the system refuses one, the next call tries again.
    if (segment::hold_all_as(me))
        cell.store(me);
    this_process_cell.store(&cell);
    return me;
}

bool owner_is_dead(owner_token owner, const void* held) noexcept {
    owner &= ~owner_flags;
    if (owner == nobody || owner == this_process())
        return false;
    auto& last = last_answer;
    const auto now = backend::steady_ns();
    if (last.owner == owner && is_too_early(now, last.asked_ns))
        return false;
    auto* const s = segment::holding(held);
    if (s != nullptr && backend::probe(owner, s->region()) == backend::life::dead)
        return true;
    last = {owner, now};
    return false;
}

bool is_time_to_ask_for_deaths(const void* held) noexcept {
    const auto now = backend::steady_ns();
    if (last_round.held == held && is_too_early(now, last_round.asked_ns))
        return false;
    last_round = {held, now};
    return true;
}

void forget_who_lived() noexcept {
    last_answer = {};
    last_round = {};
}

bool queue_end::hold_contended() noexcept {
    const auto me = this_process();
    // About as long as a healthy holder is inside with a small item.
    for (int spins = 0; spins < 200; ++spins) {
        owner_token now = holder.load(std::memory_order_relaxed);
        if (now == nobody && holder.compare_exchange_strong(now, me))
            return true;
    }
    owner_token now = holder.load();
    if (now == nobody)
        return holder.compare_exchange_strong(now, me);
    return owner_is_dead(now, this) && holder.compare_exchange_strong(now, me);
}

bool queue_end::is_free() noexcept {
    auto now = holder.load();
    return now == nobody || (owner_is_dead(now, this) && holder.compare_exchange_strong(now, nobody));
}

} // namespace crosswake::detail

namespace crosswake {

lock_attempt mutex::try_lock_contended(owner_ now) noexcept {
    const auto me = detail::this_process();
    for (;;) {
        if ((now & ~detail::owner_flags) == detail::nobody) {
            const auto flag = now & unsound;
            if (state_.compare_exchange_strong(now, me | flag))
                return flag == 0 ? lock_status::acquired : lock_status::acquired_from_dead_owner;
        } else if (detail::owner_is_dead(now, this)) {
            if (state_.compare_exchange_strong(now, me | unsound))
                return lock_status::acquired_from_dead_owner;
        } else {
            return std::nullopt;
        }
    }
}

} // namespace crosswake
