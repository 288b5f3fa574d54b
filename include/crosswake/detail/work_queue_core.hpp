// The bounded ring under work_queue<T>: an item that was taken keeps its place until its taker confirms it.
//
// One word for each place is the truth, and each change of it is one store or compare-and-swap; so a kill leaves
// nothing to repair (docs/decisions/0005):
//
//     free -> waits -> in hand (the taker's token) -> free            pushed, taken, confirmed
//                      in hand -> came back -> in hand                returned, or its taker died; taken again
//
// A pusher, holding the tail, goes round to the next free place. A taker, holding the head, looks for what came back,
// then for the next that waits; it copies the item after it has let go. Positions count places, as in the queue:
//
//     oldest ........ head ............ tail
//        in hand, came    waits; some      what comes next; no place that
//        back, or free    are passed over  is in hand or has come back is used
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/ring.hpp>
#include <crosswake/detail/wait_word.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <cstdint>

namespace crosswake::detail {

struct place_layout {
    /// 0: free. Else the two lowest bits say what it is: 0, in hand, and this is the taker's token; or one of those
    /// below.
    atomic<std::uint64_t> word{0};
    /// Of the position at which the item was pushed.
    std::uint32_t lap = 0;
    /// How often the item was given to somebody who did not confirm it.
    std::uint32_t redelivered = 0;
};
static_assert(sizeof(place_layout) == 16);

/// The places as one process sees them; nobody else can change how many there are.
struct places {
    place_layout* first;
    std::uint32_t count;

    static constexpr std::uint64_t free = 0;
    static constexpr std::uint64_t came_back = 2;
    /// The lap tells an item that is in from one whose pusher was killed before the tail moved over it.
    static constexpr std::uint64_t waits_since(ring_position p) noexcept {
        return (p & ~std::uint64_t{0xffff'ffff}) | 1;
    }
    static constexpr bool waits(std::uint64_t word) noexcept { return (word & owner_flags) == 1; }
    static constexpr bool in_hand(std::uint64_t word) noexcept { return word != free && (word & owner_flags) == 0; }
    /// It may have to be given to somebody else.
    static constexpr bool unsettled(std::uint64_t word) noexcept { return in_hand(word) || word == came_back; }

    [[nodiscard]] bool has(ring_position p) const noexcept { return slot_of(p) < count; }
    [[nodiscard]] place_layout& at(ring_position p) const noexcept { return first[slot_of(p)]; }
    [[nodiscard]] std::uint64_t word(ring_position p) const noexcept { return at(p).word.load(); }
    [[nodiscard]] ring_position after(ring_position p) const noexcept { return advanced(p, 1, count); }
    /// The position at which the item in that place was pushed.
    [[nodiscard]] ring_position pushed_at(ring_position p) const noexcept {
        return std::uint64_t{at(p).lap} << 32 | slot_of(p);
    }
    /// The first position from p on that is(word, position); `end` if there is none. `end` is a lap ahead at the most.
    template <class Is>
    [[nodiscard]] ring_position first_from(ring_position p, ring_position end, Is&& is) const noexcept {
        while (p != end && !is(word(p), p))
            p = after(p);
        return p;
    }
};

constexpr bool is_before(ring_position a, ring_position b) noexcept {
    return static_cast<std::int64_t>(a - b) < 0;
}
/// Not more than a lap behind.
constexpr ring_position at_most_a_lap_behind(ring_position p, ring_position ahead) noexcept {
    const auto a_lap_behind = ahead - (std::uint64_t{1} << 32);
    return is_before(p, a_lap_behind) ? a_lap_behind : p;
}

struct work_queue_layout {
    queue_end tail;
    queue_end head;
    alignas(64) wait_word takers;
    wait_word pushers;
    atomic<std::uint32_t> closed{0};
    std::uint32_t reserved = 0;
    /// All that is in hand or came back lies from here to the head. Read and written by the holder of the head alone.
    alignas(64) atomic<ring_position> oldest{0};
    /// A hint: not 0 if something came back since takers last looked.
    atomic<std::uint32_t> returned{0};
    std::uint32_t reserved_too = 0;
};
static_assert(sizeof(work_queue_layout) == 256);

class work_queue_core : public work_queue_layout {
public:
    // ----------------------------------------------------------------------------------------------------- pushing

    /// done without error: the caller is inside. It writes items to places that find_room() finds, calls fill() for
    /// each, and ends with commit_push() or, having found no room, with give_up_push().
    struct entry {
        attempt outcome = attempt::wait;
        errc error{};
        ring_position from = 0;
    };
    entry begin_push(places s) noexcept {
        if (!tail.hold())
            return {attempt::wait_for_owner};
        const auto from = tail.position.load(std::memory_order_relaxed);
        if (closed.load() == 0 && s.has(from))
            return {attempt::done, errc{}, from};
        return {give_up_push(s, attempt::done), s.has(from) ? errc::closed : errc::corrupted};
    }
    /// The first free place from p on.
    static bool find_room(places s, ring_position& p) noexcept {
        for (auto left = s.count; left != 0; --left, p = s.after(p)) {
            const auto word = s.word(p);
            if (word == places::free || word == places::waits_since(p)) // the latter was never in
                return true;
            if (places::waits(word))
                return false; // the oldest that waits: behind it the order would be lost
        }
        return false;
    }
    static void fill(places s, ring_position p) noexcept {
        auto& place = s.at(p);
        place.lap = static_cast<std::uint32_t>(p >> 32);
        place.redelivered = 0;
        place.word.store(places::waits_since(p), std::memory_order_release);
    }
    void commit_push(places s, ring_position end) noexcept {
        tail.position.store(end, std::memory_order_release); // as in queue_core
        let_go_of_tail(s);
        wake_one(takers);
    }
    attempt give_up_push(places s, attempt why) noexcept {
        let_go_of_tail(s);
        return why;
    }

    // ------------------------------------------------------------------------------------------------------ taking

    struct taken {
        attempt outcome = attempt::wait;
        errc error{};
        std::uint32_t slot = 0;
        owner_token whose = nobody; // whom a taker waits for
    };
    /// done without error: the place is in this process's hand.
    taken take(places s) noexcept {
        if (!head.hold())
            return {.outcome = attempt::wait_for_owner, .whose = head.holder.load()};
        const auto t = take_inside(s);
        head.holder.exchange(nobody);
        // Whoever found the head held went to sleep. That it is over is for all of them.
        if (t.error == errc::closed)
            wake_all(takers);
        else if (takers.somebody_waits() && can_take(s))
            wake_one(takers);
        wake_a_pusher(s); // the oldest that waited may have had free places behind it
        return t;
    }
    /// Both: false, and nothing changed, if it is not in this process's hand.
    bool confirm(places s, std::uint32_t slot) noexcept {
        if (!let_go_of(s, slot, places::free))
            return false;
        wake_a_pusher(s);
        if (closed.load() != 0)
            wake_all(takers); // it may have been the last
        return true;
    }
    bool put_back(places s, std::uint32_t slot) noexcept {
        if (!let_go_of(s, slot, places::came_back))
            return false;
        returned.store(1);
        wake_one(takers);
        return true;
    }

    void close() noexcept {
        closed.store(1);
        wake_all(pushers);
        wake_all(takers);
    }

    // ----------------------------------------------------------------------------------------------------- looking

    [[nodiscard]] bool can_push(places s) const noexcept {
        auto p = tail.position.load();
        return closed.load() != 0 || (s.has(p) && find_room(s, p));
    }
    /// Not while all that is left of a closed queue is in somebody's hand: takers would wake themselves over and over.
    [[nodiscard]] bool can_take(places s) const noexcept {
        if (head.position.load() != tail.position.load() || returned.load() != 0)
            return true;
        return closed.load() != 0 && tail.holder.load() == nobody && !any_of(s, places::unsettled);
    }
    template <class Which>
    [[nodiscard]] static std::uint32_t count_of(places s, Which&& which) noexcept {
        std::uint32_t n = 0;
        for (std::uint32_t slot = 0; slot < s.count; ++slot)
            n += which(s.word(slot), slot) ? 1u : 0u;
        return n;
    }

private:
    static bool any_of(places s, bool (*which)(std::uint64_t)) noexcept {
        std::uint32_t slot = 0;
        while (slot < s.count && !which(s.word(slot)))
            ++slot;
        return slot < s.count;
    }

    taken take_inside(places s) noexcept {
        // Twice at the most: whoever was inside push when it was closed may have put an item in after the first look.
        bool asked = false;
        for (bool at_rest = false;; at_rest = true) {
            const auto end = tail.position.load();
            auto p = at_most_a_lap_behind(head.position.load(std::memory_order_relaxed), end);
            const auto back = oldest.load(std::memory_order_relaxed);
            if (!s.has(end) || !s.has(p) || !s.has(back) || is_before(end, p) || is_before(p, back))
                return {attempt::done, errc::corrupted};
            p = s.first_from(p, end,
                             [](std::uint64_t word, ring_position at) { return word == places::waits_since(at); });
            const auto from =
                s.first_from(at_most_a_lap_behind(back, p), p,
                             [](std::uint64_t word, ring_position /*at*/) { return places::unsettled(word); });
            head.position.store(p, std::memory_order_release);
            oldest.store(from, std::memory_order_relaxed);

            const bool ask = from != p && is_time_to_ask_for_deaths(this);
            asked = asked || ask;
            if (ask || returned.load() != 0)
                if (const auto first = first_that_came_back(s, from, p, ask); first != p)
                    return take_place(s, first, places::came_back);
            if (p != end) {
                const auto t = take_place(s, p, places::waits_since(p));
                head.position.store(s.after(p), std::memory_order_release);
                return t;
            }
            const bool over = closed.load() != 0;
            if (over && !tail.is_free())
                return {.outcome = attempt::wait_for_owner, .whose = tail.holder.load()};
            if (over && !at_rest)
                continue;
            if (from != p) // asked not now but a short while ago: to be asked again before a long sleep
                return {.outcome = asked ? attempt::wait_or_death : attempt::wait_for_owner,
                        .whose = s.word(from) & ~owner_flags};
            return {over ? attempt::done : attempt::wait, over ? errc::closed : errc{}};
        }
    }
    /// Of those from `from` to `end` that came back the one that was pushed first; `end` if there is none. `ask`: what
    /// the dead had in hand comes back first.
    ring_position first_that_came_back(places s, ring_position from, ring_position end, bool ask) noexcept {
        returned.store(0); // before looking: what comes back from here on says so again
        auto first = end;
        unsigned found = 0;
        for (auto p = from; p != end; p = s.after(p)) {
            auto word = s.word(p);
            if (ask && places::in_hand(word) && owner_is_dead(word, this) &&
                s.at(p).word.compare_exchange_strong(word, places::came_back))
                word = places::came_back;
            if (word != places::came_back)
                continue;
            ++found;
            if (first == end || is_before(s.pushed_at(p), s.pushed_at(first)))
                first = p;
        }
        if (found > 1)
            returned.store(1);
        return first;
    }
    static taken take_place(places s, ring_position p, std::uint64_t expected) noexcept {
        auto& place = s.at(p);
        if (expected == places::came_back)
            ++place.redelivered; // before it is taken: a taker that is killed here has been given it, too
        if (!place.word.compare_exchange_strong(expected, this_process()))
            return {attempt::done, errc::corrupted}; // only the holder of the head takes
        return {.outcome = attempt::done, .slot = slot_of(p)};
    }
    static bool let_go_of(places s, std::uint32_t slot, std::uint64_t next) noexcept {
        std::uint64_t mine = this_process();
        return s.at(slot).word.compare_exchange_strong(mine, next);
    }

    void wake_a_pusher(places s) noexcept {
        if (pushers.somebody_waits() && can_push(s))
            wake_one(pushers);
    }
    // As in queue_core.
    void let_go_of_tail(places s) noexcept {
        tail.holder.exchange(nobody);
        wake_a_pusher(s);
        if (closed.load() != 0)
            wake_all(takers);
    }
};

} // namespace crosswake::detail
