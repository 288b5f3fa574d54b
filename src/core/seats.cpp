#include <core/seats.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>
#include <core/mailbox.hpp>
#include <core/mechanism.hpp>
#include <core/peers.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <iterator>

namespace crosswake::core {
namespace {

using detail::nobody;
using detail::owner_token;
using found = backend::peer_bell::found;

constexpr std::uint32_t nothing_named = 0;

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
bool is_from_before_exec(std::uint64_t bell) noexcept {
    return is_live(bell) && !peers::instance().knows(detail::this_process(), address_in(bell));
}

/// Whoever sat there has gone without giving the seat back.
bool is_deserted(detail::segment& s, const seat_layout& seat, owner_token owner) noexcept {
    return owner == detail::this_process() ? is_from_before_exec(seat.bell.load()) : is_proven_dead(s, owner);
}

/// What is known of the owner of a seat whose bit the word has.
enum class awaits : unsigned char { not_this_word, perhaps, this_word };

awaits what_it_awaits(const detail::segment& s, std::size_t seat, const detail::wait_word& word) noexcept {
    if (seat < private_seats)
        return awaits::this_word;
    const auto& says = s.crowd_seat(seat);
    for (const auto& name : says.named)
        if (name.load() == s.place_of(word))
            return awaits::this_word;
    return says.unnamed.load() != 0 ? awaits::perhaps : awaits::not_this_word;
}

/// Takes the seat's announcement off the word; false: there is none, or it bears no name.
bool take_off(const detail::segment& s, std::size_t seat, detail::wait_word& word) noexcept {
    if (seat < private_seats)
        return (word.seats.load() & bit_of(seat)) != 0 && (word.seats.fetch_and(~bit_of(seat)) & bit_of(seat)) != 0;
    for (auto& name : s.crowd_seat(seat).named)
        if (name.load() == s.place_of(word)) {
            name.store(nothing_named);
            return true;
        }
    return false;
}

/// Takes the seat's announcements off every word. Where one was, the dead owner may have swallowed a ring: wakes
/// another. A ring for what it did not name has never counted.
void scrub(detail::segment& s, std::size_t seat, clearing_limit& limit) noexcept {
    s.for_each_word([&s, seat, &limit](detail::wait_word& word) {
        if (!take_off(s, seat, word) || !word.somebody_waits())
            return;
        wake_up w{s, word, limit};
        wake_one(w);
    });
    if (seat >= private_seats)
        s.crowd_seat(seat).unnamed.store(0);
}

/// Makes this process the owner if the seat is still `from`'s; the seat is then not live, and announced nowhere.
bool inherit(detail::segment& s, std::size_t index, owner_token from, clearing_limit& limit) noexcept {
    auto& seat = s.seat(index);
    if (from == detail::this_process()) {
        // The owner's name stays: of several threads the heir is the one that silences the bell.
        auto bell = seat.bell.load();
        if (!is_from_before_exec(bell) || !seat.bell.compare_exchange_strong(bell, not_live))
            return false;
    } else {
        auto expected = from;
        if (!seat.owner.compare_exchange_strong(expected, detail::this_process()))
            return false;
        seat.bell.store(not_live);
    }
    if (from != nobody)
        scrub(s, index, limit);
    return true;
}

/// The owner is gone: gives the seat back, so that nobody rings there again.
void clear_up(wake_up& w, std::size_t index, owner_token dead) noexcept {
    auto& s = w.segment;
    if (w.limit.left == 0 || !is_proven_dead(s, dead))
        return;
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
    // An empty seat first; then one of a dead process, which costs system calls to find out; then the crowd.
    for (std::size_t i = 0; i < private_seats; ++i)
        if (s.seat(i).owner.load() == nobody && try_take(s, i, nobody, bell))
            return i;
    for (std::size_t i = 0; i < private_seats; ++i) {
        const auto owner = s.seat(i).owner.load();
        if (is_deserted(s, s.seat(i), owner) && try_take(s, i, owner, bell))
            return i;
    }
    for (std::size_t i = private_seats; i < all_seats; ++i) {
        if (error = s.open_crowd_seat(i); error)
            return std::nullopt;
        const auto owner = s.seat(i).owner.load();
        if ((owner == nobody || is_deserted(s, s.seat(i), owner)) && try_take(s, i, owner, bell))
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

void announce(const detail::segment& s, std::size_t index, detail::wait_word& word) noexcept {
    if (index >= private_seats) {
        auto& says = s.crowd_seat(index);
        auto* const free = std::find_if(std::begin(says.named), std::end(says.named),
                                        [](const auto& name) { return name.load() == nothing_named; });
        if (free != std::end(says.named))
            free->store(s.place_of(word));
        else
            says.unnamed.store(says.unnamed.load() + 1);
    }
    word.seats.fetch_or(bit_of(index));
}

void withdraw(const detail::segment& s, std::size_t index, detail::wait_word& word) noexcept {
    if (take_off(s, index, word) || index < private_seats)
        return;
    auto& unnamed = s.crowd_seat(index).unnamed;
    unnamed.store(unnamed.load() - 1);
}

bool ring_seat(wake_up& w, std::size_t index, ring_whom whom) noexcept {
    auto& s = w.segment;
    auto& seat = s.seat(index);
    const auto owner = seat.owner.load();
    const auto bell = seat.bell.load();
    // After the bell: what the owner before had said is taken back before this one's bell is live.
    const auto said = what_it_awaits(s, index, w.word);
    if (owner == nobody || said == awaits::not_this_word)
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
            return said == awaits::this_word;
        }
        why = peer->seems_dead() ? found::dead : found::unreachable; // the system may have refused the ring
        if (owner != detail::this_process()) // its own bells stay known, or they would be those of a program before
            peers::instance().forget(owner, address_in(bell));
    }
    if (why == found::unreachable && !detail::owner_is_dead(owner, &seat)) {
        if (backend::forced_mechanism() != backend::forced::direct)
            w.segment_is_rung = w.segment_is_rung || s.region().ring();
        if (w.segment_is_rung) {
            note_mechanism(bell_mechanism::segment);
            // All who listen hear it, this one too, which may be stopped: while there are others to ask, it serves
            // nobody in particular.
            return whom == ring_whom::anybody && said == awaits::this_word;
        }
    }
    // Proof is asked for even now: a reactor may have closed its bell, and another one of that process have sat down.
    if (seat.bell.load() == bell)
        clear_up(w, index, owner);
    return false;
}

} // namespace crosswake::core
