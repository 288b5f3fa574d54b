// Who sits in a segment: one seat for each reactor that waits there.
//
// A seat's bit in a wait word is changed by the seat's owner alone, and a seat that was a dead process's is scrubbed
// from every word before anybody else's bit can stand there: nobody inherits an announcement, and nobody's is ever
// taken. The crowd's seats share a bit that stays; what a bit of its own would say, such a seat says itself, and the
// same holds for that.
//
//     nobody -> owner, not live -> owner, live -> owner, not live -> nobody
//     owner (dies) -> heir, not live -> (scrub) -> heir, live; or nobody, if the heir only cleared up
#pragma once

#include <core/segment.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace crosswake::core {

/// The bit of a seat in a wait word.
constexpr std::uint64_t bit_of(std::size_t seat) noexcept {
    return seat < private_seats ? std::uint64_t{1} << seat : crowd_bit;
}

/// Takes a seat for a reactor of this process whose bell has this address.
std::optional<std::size_t> take_seat(detail::segment& s, backend::bell_address bell, std::error_code& error) noexcept;

/// Gives it back; its bits are cleared already.
void leave_seat(detail::segment& s, std::size_t seat) noexcept;

/// Announces the owner of the seat on the word; he tries once more afterwards.
void announce(const detail::segment& s, std::size_t seat, detail::wait_word& word) noexcept;
/// He awaits it no longer; he looks afterwards whether he owes somebody a ring.
void withdraw(const detail::segment& s, std::size_t seat, detail::wait_word& word) noexcept;

enum class ring_whom : bool {
    only_silent, // leave it alone if its bell is ringing already; a bell that cannot be asked rings, and serves nobody
    anybody,
};

/// How many seats of the dead may still be cleared up on behalf of one call from outside. To clear one up wakes others,
/// among them perhaps further dead, each within the one before; what is left is for the next call.
struct clearing_limit {
    std::size_t left = private_seats;
};

/// One wake-up for a word of a segment.
struct wake_up {
    detail::segment& segment;
    detail::wait_word& word;
    clearing_limit& limit;
    bool segment_is_rung = false; // that reaches all who cannot be reached directly: once is enough
};

/// Rings for the word, which has the seat's bit. false: that served nobody for certain. Nobody sits there who awaits
/// it; or it is not known whether he does; or he is dead, and the seat is then cleared up; or he was left alone.
bool ring_seat(wake_up& w, std::size_t seat, ring_whom whom) noexcept;

/// Wakes one sleeper of w.word; false: nobody was there to be woken.
bool wake_one(wake_up& w) noexcept;
void wake_all(wake_up& w) noexcept;

} // namespace crosswake::core
