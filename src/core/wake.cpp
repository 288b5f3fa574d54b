// Waking: what a primitive calls after it has changed its state. The rules are in docs/decisions/0001.
#include <crosswake/detail/wait_word.hpp>

#include <backend/thread_sleep.hpp>
#include <core/seats.hpp>
#include <core/segment.hpp>

#include <bit>

namespace crosswake::detail {

using namespace core;

namespace {

constexpr std::uint32_t seats_go_first = 1u << 31;

/// Wakes one thread, if any sleeps.
bool wake_one_thread(segment& s, wait_word& word) noexcept {
    if ((word.epoch.load() & wait_word::threads_sleep) == 0)
        return false;
    // From here on no thread that announced itself before can fall asleep: the epoch is not what it saw.
    auto epoch = word.epoch.fetch_add(wait_word::step) + wait_word::step;
    if (backend::wake_threads(s.region(), word.epoch, backend::wake_count::one) != 0)
        return true;
    // Nobody slept. Who announces himself from now on changes the epoch, and then the flag stays.
    word.epoch.compare_exchange_strong(epoch, epoch & ~wait_word::threads_sleep);
    return false;
}

void wake_all_threads(segment& s, wait_word& word) noexcept {
    if ((word.epoch.load() & wait_word::threads_sleep) == 0)
        return;
    auto epoch = word.epoch.fetch_add(wait_word::step) + wait_word::step;
    backend::wake_threads(s.region(), word.epoch, backend::wake_count::all);
    word.epoch.compare_exchange_strong(epoch, epoch & ~wait_word::threads_sleep);
}

/// Calls ring(seat) for the set bits, beginning after the seat rung last, until one says true.
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

void ring_crowd(segment& s, const wait_word& word) noexcept {
    for (std::size_t i = 0; i < s.crowd_used(); ++i)
        ring_seat(s, private_seats + i, word, ring_whom::anybody);
}

bool wake_one_seat(segment& s, wait_word& word) noexcept {
    const auto set = word.seats.load();
    if (set == 0)
        return false;
    const auto turn = word.turn.load(std::memory_order_relaxed);
    const auto last = turn & 63;
    const auto ring = [&](ring_whom whom) {
        return [&, whom](std::size_t seat) {
            if (!ring_seat(s, seat, word, whom))
                return false;
            word.turn.store((turn & seats_go_first) | static_cast<std::uint32_t>(seat), std::memory_order_relaxed);
            return true;
        };
    };
    // One whose bell is silent is asleep and free; one that is ringing may have its hands full, and comes second.
    const auto reserved = set & ~crowd_bit;
    const bool served =
        go_round(reserved, last, ring(ring_whom::only_silent)) || go_round(reserved, last, ring(ring_whom::anybody));
    // Whoever rings the crowd cannot tell whether anybody in it waits for this word, so that serves nobody.
    if ((set & crowd_bit) != 0)
        ring_crowd(s, word);
    return served;
}

} // namespace

bool wake_announced_one(wait_word& word) noexcept {
    auto* const s = segment::holding(&word);
    if (s == nullptr)
        return false;
    const auto turn = word.turn.load(std::memory_order_relaxed);
    word.turn.store(turn ^ seats_go_first, std::memory_order_relaxed);
    if ((turn & seats_go_first) != 0)
        return wake_one_seat(*s, word) || wake_one_thread(*s, word);
    return wake_one_thread(*s, word) || wake_one_seat(*s, word);
}

void wake_announced_all(wait_word& word) noexcept {
    auto* const s = segment::holding(&word);
    if (s == nullptr)
        return;
    wake_all_threads(*s, word);
    const auto set = word.seats.load();
    go_round(set & ~crowd_bit, 0, [&](std::size_t seat) {
        ring_seat(*s, seat, word, ring_whom::anybody);
        return false;
    });
    if ((set & crowd_bit) != 0)
        ring_crowd(*s, word);
}

} // namespace crosswake::detail
