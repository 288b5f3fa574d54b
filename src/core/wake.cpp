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

/// Calls ring(bit) for the set bits, beginning after the one that was last, until it says true. Bit 63 is the crowd.
template <class Ring>
bool go_round(std::uint64_t set, std::uint32_t last, Ring&& ring) {
    const auto split = (last + 1) % 64;
    const auto later = set & (~std::uint64_t{0} << split);
    for (auto part : {later, set & ~later})
        for (; part != 0; part &= part - 1)
            if (ring(static_cast<std::size_t>(std::countr_zero(part))))
                return true;
    return false;
}

void ring_crowd(wake_up& w, ring_whom whom) noexcept {
    for (std::size_t i = 0; i < w.segment.crowd_used(); ++i)
        ring_seat(w, private_seats + i, whom);
}

/// Rings one seat whose bell is silent: its reactor is asleep and free. The crowd has its turn among the others, but
/// whoever rings it cannot tell whether anybody in it waits for this word, so that serves nobody.
bool ring_silent_seat(wake_up& w) noexcept {
    const auto turn = w.word.turn.load(std::memory_order_relaxed);
    return go_round(w.word.seats.load(), turn & 63, [&](std::size_t seat) {
        if (seat == private_seats)
            ring_crowd(w, ring_whom::only_silent);
        const bool served = seat < private_seats && ring_seat(w, seat, ring_whom::only_silent);
        if (served)
            w.word.turn.store((turn & seats_go_first) | static_cast<std::uint32_t>(seat), std::memory_order_relaxed);
        return served;
    });
}

/// All who could go on are awake already, or will be. Any of them may be stopped, so each gets a note; a bell that is
/// ringing costs no more than that.
bool note_for_all_seats(wake_up& w) noexcept {
    bool served = false;
    go_round(w.word.seats.load(), 0, [&](std::size_t seat) {
        if (seat == private_seats)
            ring_crowd(w, ring_whom::anybody);
        else
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
