// Where a blocked thread sits, in a table behind a region's bytes.
//
// Each blocked thread has a seat and an event of its own, so a wake-up is for one particular sleeper: whoever falls
// asleep afterwards has another seat, and cannot take it.
//
//     free -> waiting(ticket) -> ringing(ticket) -> rung(ticket) -> free
//
// The sleeper takes the first step and the last, which may come at any time; a waker the two between, setting the
// event in the midst. A waker that is stopped before it sets the event mutes nobody: the next one sees ringing, sets
// the event itself, and moves it to rung. Tickets are never used twice, so a late step fails.
//
// The owner of a seat is the process of its thread; when that dies, whoever meets the seat gives it back.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/owner.hpp>

#include <cstddef>
#include <cstdint>

namespace crosswake::win32 {

struct thread_seat {
    enum class phase : std::uint64_t { free, waiting, ringing, rung };

    detail::atomic<detail::owner_token> owner;
    detail::atomic<std::uint64_t> state; // the ticket, and in its two lowest bits the phase
    detail::atomic<std::uint64_t> word;  // where in the region, and
    detail::atomic<std::uint64_t> event; // by what; both belong to the ticket

    static constexpr phase phase_of(std::uint64_t state) noexcept { return static_cast<phase>(state & 3); }
    static constexpr std::uint64_t with(std::uint64_t state, phase p) noexcept {
        return (state & ~std::uint64_t{3}) | static_cast<std::uint64_t>(p);
    }
};
static_assert(sizeof(thread_seat) == 32);

/// So many threads can be blocked in one region by seats; what is beyond looks for itself, as often as the system's
/// clock ticks.
inline constexpr std::size_t thread_seats = 1024;

} // namespace crosswake::win32
