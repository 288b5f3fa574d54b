// Waking: what a primitive calls after it has changed its state. The rules are in docs/decisions/0001.
#include <crosswake/detail/wait_word.hpp>

#include <backend/thread_sleep.hpp>
#include <core/seats.hpp>
#include <core/segment.hpp>

#include <bit>

namespace crosswake::core {

using detail::wait_word;

namespace {

constexpr std::uint32_t seats_go_first = 1u << 31;

/// Wakes one thread, if any sleeps.
bool wake_one_thread(wake_up& w) noexcept {
    auto& word = w.word;
    if ((word.epoch.load() & wait_word::threads_sleep) == 0)
        return false;
    // From here on no thread that announced itself before can fall asleep: the epoch is not what it saw.
    auto epoch = word.epoch.fetch_add(wait_word::step) + wait_word::step;
    if (backend::wake_threads(w.segment.region(), word.epoch, backend::wake_count::one) != 0)
        return true;
    // Nobody slept. Who announces himself from now on changes the epoch, and then the flag stays.
    word.epoch.compare_exchange_strong(epoch, epoch & ~wait_word::threads_sleep);
    return false;
}

void wake_all_threads(wake_up& w) noexcept {
    auto& word = w.word;
    if ((word.epoch.load() & wait_word::threads_sleep) == 0)
        return;
    auto epoch = word.epoch.fetch_add(wait_word::step) + wait_word::step;
    backend::wake_threads(w.segment.region(), word.epoch, backend::wake_count::all);
    word.epoch.compare_exchange_strong(epoch, epoch & ~wait_word::threads_sleep);
}

/// The next seat from this one on that may be announced. Those of the crowd know for themselves.
std::size_t next_seat(std::uint64_t set, std::size_t from) noexcept {
    if (from >= private_seats)
        return from;
    const auto later = (set & ~crowd_bit) >> from;
    return later == 0 ? private_seats : from + static_cast<std::size_t>(std::countr_zero(later));
}

/// Calls ring(seat) for whoever may be announced, beginning after the seat that was last, until it says true.
template <class Ring>
bool go_round(wake_up& w, std::size_t last, Ring&& ring) {
    const auto set = w.word.seats.load();
    const auto end = private_seats + ((set & crowd_bit) != 0 ? w.segment.crowd_used() : 0);
    const auto go = [set, &ring](std::size_t from, std::size_t to) {
        for (auto seat = next_seat(set, from); seat < to; seat = next_seat(set, seat + 1))
            if (ring(seat))
                return true;
        return false;
    };
    const auto first = last + 1 < end ? last + 1 : 0;
    return go(first, end) || go(0, first);
}

/// Rings one seat whose bell is silent: its reactor is asleep and free.
bool ring_silent_seat(wake_up& w) noexcept {
    const auto turn = w.word.turn.load(std::memory_order_relaxed);
    return go_round(w, turn & ~seats_go_first, [&](std::size_t seat) {
        const bool served = ring_seat(w, seat, ring_whom::only_silent);
        if (served)
            w.word.turn.store((turn & seats_go_first) | static_cast<std::uint32_t>(seat), std::memory_order_relaxed);
        return served;
    });
}

/// All who could go on are awake already, or will be. Any of them may be stopped, so each gets a note; a bell that is
/// ringing costs no more than that.
bool note_for_all_seats(wake_up& w) noexcept {
    bool served = false;
    go_round(w, 0, [&](std::size_t seat) {
        served |= ring_seat(w, seat, ring_whom::anybody);
        return false;
    });
    return served;
}

} // namespace

bool wake_one(wake_up& w) noexcept {
    const auto turn = w.word.turn.load(std::memory_order_relaxed);
    w.word.turn.store(turn ^ seats_go_first, std::memory_order_relaxed);
    const bool seats_first = (turn & seats_go_first) != 0;
    // Threads come before bells that are ringing: the reactor behind one of those may be stopped.
    return (seats_first && ring_silent_seat(w)) || wake_one_thread(w) || (!seats_first && ring_silent_seat(w)) ||
           note_for_all_seats(w);
}

void wake_all(wake_up& w) noexcept {
    wake_all_threads(w);
    note_for_all_seats(w);
}

} // namespace crosswake::core

namespace crosswake::detail {

bool wake_announced_one(wait_word& word) noexcept {
    auto* const s = segment::holding(&word);
    if (s == nullptr)
        return false;
    core::clearing_limit limit;
    core::wake_up w{*s, word, limit};
    return core::wake_one(w);
}

void wake_announced_all(wait_word& word) noexcept {
    auto* const s = segment::holding(&word);
    if (s == nullptr)
        return;
    core::clearing_limit limit;
    core::wake_up w{*s, word, limit};
    core::wake_all(w);
}

} // namespace crosswake::detail
