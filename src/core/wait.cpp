// The loop that blocks a thread. Every blocking function of every primitive ends here.
#include <crosswake/operation.hpp>

#include <backend/clock.hpp>
#include <backend/thread_sleep.hpp>
#include <core/reactor_state.hpp>
#include <core/segment.hpp>
#include <core/settings.hpp>
#include <core/spin.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace crosswake {
namespace {

using detail::wait_word;

/// Says that a thread is about to sleep, and returns the epoch to sleep on. Each announcement moves the epoch on: a
/// waker that takes the flag back does so only if nobody has announced himself since it looked.
std::uint32_t announce(wait_word& word) noexcept {
    auto now = word.epoch.load();
    for (;;) {
        const auto next = (now + wait_word::step) | wait_word::threads_sleep;
        if (word.epoch.compare_exchange_weak(now, next))
            return next;
    }
}

/// Somebody's death may end the wait, and the thread is to look whether it has. Its own process's it will not see; but
/// another one may have what it waits for by then, and that one's it would not hear of while it sleeps like this.
bool looks_at_owner(const operation& op, attempt why, bool may_hear) noexcept {
    return why == attempt::wait_for_owner && (may_hear || op.held_by() != detail::this_process());
}

/// The deadline, or an earlier moment at which to look for the dead.
deadline next_look(deadline until, bool at_owner, std::int64_t now) noexcept {
    const auto interval = at_owner ? core::owner_check_ns() : core::recheck_ns();
    return std::min(until, deadline::at_ns(now + interval));
}

/// Waits as an event loop does, on a reactor of its own, and hears of deaths there. No value: there is none to be had,
/// and nothing was taken.
std::optional<wait_result> wait_on_a_bell(operation& op, deadline until) {
    struct blocked final : pending {
        using pending::pending;
        void completed(wait_result r) noexcept override {
            result = r;
            is_over = true;
        }
        wait_result result{};
        bool is_over = false;
    };
    std::unique_ptr<detail::reactor_state> bell;
    blocked me(until);
    try {
        bell = std::make_unique<detail::reactor_state>(detail::reactor_state::serves::a_blocked_thread);
        std::error_code error;
        switch (bell->start(me, op, error)) {
        case start_result::done:
            return wait_result::done;
        case start_result::timed_out:
            return wait_result::timed_out;
        case start_result::failed:
            return std::nullopt;
        case start_result::waiting:
            break;
        }
    } catch (const std::exception&) { // no descriptors, no memory
        return std::nullopt;
    }
    while (!me.is_over) {
        if (!bell->sleep() && bell->cancel(me))
            return std::nullopt;
        bell->dispatch(false);
    }
    if (me.result == wait_result::aborted)
        detail::raise(errc::aborted, "crosswake::wait");
    return me.result;
}

bool is_there(operation& op) noexcept {
    return op.ready() && op.try_once() == attempt::done;
}

/// Looks once, and then for a while if that is worth it; without being announced, so that nobody has to ring for an
/// answer that is near. Not while reactors await the word: whoever looks on is always quicker than they, and would have
/// everything. true: got it.
bool look_for(operation& op, core::spin_policy& habit, deadline until) noexcept {
    if (is_there(op))
        return true;
    const auto reactors_wait = [&word = op.word()] { return word.seats.load(std::memory_order_relaxed) != 0; };
    const auto budget = reactors_wait() ? 0 : habit.budget_ns(core::spin_limit_ns());
    if (budget == 0)
        return false;
    const auto end = std::min(until, deadline::at_ns(backend::steady_ns() + budget));
    do {
        for (int looks = 0; looks < 8; ++looks) {
            backend::spin_pause();
            if (is_there(op)) {
                habit.it_paid();
                return true;
            }
        }
        if (reactors_wait())
            return false;
    } while (deadline::at_ns(backend::steady_ns()) < end);
    habit.it_did_not_pay();
    return false;
}

} // namespace

bool detail::wait_after_a_try(operation& op, deadline until) {
    if (!until.is_never() && until <= deadline::at_ns(backend::steady_ns()))
        return false;
    auto& word = op.word();
    auto* const s = segment::holding(&word);
    if (s == nullptr)
        raise(errc::not_shared, "crosswake::wait");
    auto& habit = core::spin_policy::of(word);

    // THE BLOCKING LOOP
    bool has_slept = false;
    for (bool may_hear = true;;) {
        if (!look_for(op, habit, until)) {
            const auto seen = announce(word);
            if (const auto why = op.try_once(); why != attempt::done) {
                const auto now = backend::steady_ns();
                if (until <= deadline::at_ns(now))
                    return false;
                const bool looks = looks_at_owner(op, why, may_hear);
                const auto look_up = next_look(until, looks, now);
                backend::sleep_while(s->region(), word.epoch, seen, look_up);
                has_slept = true;
                if (const auto woken = backend::steady_ns(); deadline::at_ns(woken) < look_up) {
                    habit.slept(woken - now);
                    continue;
                }
                if (!looks || look_up == until || !std::exchange(may_hear, false))
                    continue;
                const auto over = wait_on_a_bell(op, until);
                if (!over)
                    continue;
                if (*over == wait_result::timed_out)
                    return false;
            }
        }
        // Whoever woke this thread may have passed on one ring that stood for several (a reactor's, see decision 1): if
        // there is more to be had, somebody else is woken.
        if (has_slept && op.ready())
            wake_one(word);
        return true;
    }
}

} // namespace crosswake
