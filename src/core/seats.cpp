#include <core/seats.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>
#include <core/mailbox.hpp>
#include <core/mechanism.hpp>
#include <core/peers.hpp>
#include <crosswake/error.hpp>

namespace crosswake::core {
namespace {

using detail::nobody;
using detail::owner_token;
using found = backend::peer_bell::found;

// What a seat says of its bell.
constexpr std::uint64_t not_live = 0;
constexpr std::uint64_t live(backend::bell_address bell) noexcept {
    return bell << 1 | 1;
}
constexpr bool is_live(std::uint64_t said) noexcept {
    return (said & 1) != 0;
}
constexpr backend::bell_address address_in(std::uint64_t said) noexcept {
    return said >> 1;
}

bool is_proven_dead(detail::segment& s, owner_token who) noexcept {
    return who != nobody && backend::probe(who, s.region()) == backend::life::dead;
}

/// A program that was here before this one, in the same process, had a bell that this one does not.
bool is_from_before_exec(const seat_layout& seat) noexcept {
    const auto bell = seat.bell.load();
    return is_live(bell) && !peers::instance().knows(detail::this_process(), address_in(bell));
}

/// Clears the seat's bit from every word. Where it was set, the dead owner may have swallowed a ring: wakes another.
void scrub(detail::segment& s, std::size_t seat, clearing_limit& limit) noexcept {
    if (seat >= private_seats)
        return; // the crowd's bit is everybody's and stays
    s.for_each_word([&s, &limit, bit = bit_of(seat)](detail::wait_word& word) {
        if ((word.seats.load() & bit) == 0 || (word.seats.fetch_and(~bit) & bit) == 0 || !word.somebody_waits())
            return;
        wake_up w{s, word, limit};
        wake_one(w);
    });
}

/// Makes this process the owner if the seat is still `from`'s; the seat is then not live, and bears nobody's bits.
bool inherit(detail::segment& s, std::size_t index, owner_token from, clearing_limit& limit) noexcept {
    auto& seat = s.seat(index);
    auto expected = from;
    if (!seat.owner.compare_exchange_strong(expected, detail::this_process()))
        return false;
    seat.bell.store(not_live);
    if (from != nobody)
        scrub(s, index, limit);
    return true;
}

/// The owner is gone: gives the seat back, so that nobody rings there again.
void clear_up(wake_up& w, std::size_t index, owner_token dead) noexcept {
    auto& s = w.segment;
    if (w.limit.left == 0 || !is_proven_dead(s, dead))
        return;
    if (index < private_seats)
        --w.limit.left;
    if (inherit(s, index, dead, w.limit))
        s.seat(index).owner.store(nobody);
}

bool try_take(detail::segment& s, std::size_t index, owner_token from, backend::bell_address bell) noexcept {
    clearing_limit limit;
    if (!inherit(s, index, from, limit))
        return false;
    s.seat(index).bell.store(live(bell));
    return true;
}

} // namespace

std::optional<std::size_t> take_seat(detail::segment& s, backend::bell_address bell, std::error_code& error) noexcept {
    const auto me = detail::this_process();
    // An empty seat first; then one of a dead process, which costs system calls to find out; then the crowd.
    for (std::size_t i = 0; i < private_seats; ++i)
        if (s.seat(i).owner.load() == nobody && try_take(s, i, nobody, bell))
            return i;
    for (std::size_t i = 0; i < private_seats; ++i) {
        const auto owner = s.seat(i).owner.load();
        const bool is_left = owner == me ? is_from_before_exec(s.seat(i)) : is_proven_dead(s, owner);
        if (is_left && try_take(s, i, owner, bell))
            return i;
    }
    for (std::size_t i = private_seats; i < all_seats; ++i) {
        if (error = s.open_crowd_seat(i); error)
            return std::nullopt;
        const auto owner = s.seat(i).owner.load();
        if ((owner == nobody || (owner != me && is_proven_dead(s, owner))) && try_take(s, i, owner, bell))
            return i;
    }
    error = errc::too_many_reactors;
    return std::nullopt;
}

void leave_seat(detail::segment& s, std::size_t index) noexcept {
    auto& seat = s.seat(index);
    seat.bell.store(not_live);
    auto me = detail::this_process();
    seat.owner.compare_exchange_strong(me, nobody);
}

bool ring_seat(wake_up& w, std::size_t index, ring_whom whom) noexcept {
    auto& s = w.segment;
    auto& seat = s.seat(index);
    const auto owner = seat.owner.load();
    const auto bell = seat.bell.load();
    if (owner == nobody)
        return false;
    if (!is_live(bell)) {
        // Somebody is sitting down, or clearing up, or has died over it.
        if (detail::owner_is_dead(owner, &seat))
            clear_up(w, index, owner);
        return false;
    }

    found why = found::unreachable;
    std::shared_ptr<backend::peer_bell> peer;
    if (backend::forced_mechanism() != backend::forced::segment)
        peer = peers::instance().find(owner, address_in(bell), why);
    if (peer != nullptr) {
        if (whom == ring_whom::only_silent && mailbox(peer->mailbox()).is_rung())
            return false;
        if (mailbox(peer->mailbox()).notify(*peer, s.note_of(w.word))) {
            if (owner != detail::this_process())
                note_mechanism(bell_mechanism::direct);
            return true;
        }
        why = peer->seems_dead() ? found::dead : found::unreachable; // the system may have refused the ring
        peers::instance().forget(owner, address_in(bell));
    }
    if (why == found::unreachable && !detail::owner_is_dead(owner, &seat)) {
        if (backend::forced_mechanism() != backend::forced::direct)
            w.segment_is_rung = w.segment_is_rung || s.region().ring();
        if (w.segment_is_rung) {
            note_mechanism(bell_mechanism::segment);
            // All who listen hear it, this one too, which may be stopped: while there are others to ask, it serves
            // nobody in particular.
            return whom == ring_whom::anybody;
        }
    }
    // Proof is asked for even now: a reactor may have closed its bell, and another one of that process have sat down.
    if (seat.bell.load() == bell)
        clear_up(w, index, owner);
    return false;
}

} // namespace crosswake::core
