// The bounded ring under queue<T>, for items of any size: who may write, who may read, and where.
//
// Two ends, each with a hold (the token of the process that is inside, or nobody) and a position that only the holder
// moves. The move of a position is the moment at which an item is in, or out: a process that is killed inside before it
// leaves the queue as it was, and one that is killed after it has finished. So a dead holder needs no repair: whoever
// has proof of its death takes the hold away, and goes on from the position.
//
//     push: hold producers -> look for room -> write the slot -> move the tail -> let go -> wake
//     pop:  hold consumers -> look for an item -> read the slot -> move the head -> let go -> wake
//
// A holder that is stopped keeps its end, and others wait for it as for a full (or empty) queue; the other end goes on.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/ring.hpp>
#include <crosswake/detail/wait_word.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace crosswake::detail {

/// How many items lie between; more than the capacity, if the bytes are not what this library wrote.
constexpr std::uint64_t items_between(ring_position head, ring_position tail, std::uint32_t capacity) noexcept {
    const auto laps = static_cast<std::uint32_t>((tail >> 32) - (head >> 32));
    return static_cast<std::uint64_t>(laps) * capacity + slot_of(tail) - slot_of(head);
}

struct queue_layout {
    queue_end tail;
    queue_end head;
    alignas(64) wait_word poppers;
    wait_word pushers;
    atomic<std::uint32_t> closed{0};
    std::uint32_t reserved = 0;
};
static_assert(sizeof(queue_layout) == 192);

class queue_core : public queue_layout {
public:
    /// One try. Between begin_…() == done with no error and commit_…() the caller is inside: it copies `count` items to
    /// or from the slots that begin with `slot`, the first one following the last, and does nothing else.
    struct entry {
        attempt outcome = attempt::wait;
        errc error{};
        std::uint32_t slot = 0;
        std::uint32_t count = 0;
    };

    /// done: there is room for one item at the least and for `wanted` at the most; write them, then commit_push. done
    /// with error closed or corrupted: over.
    entry begin_push(std::uint32_t capacity, std::uint32_t wanted) noexcept {
        if (!tail.hold())
            return {attempt::wait_for_owner};
        if (closed.load() != 0)
            return give_up_push(capacity, {attempt::done, errc::closed});
        const auto at = tail.position.load(std::memory_order_relaxed);
        auto items = items_between(tail.other_seen, at, capacity);
        if (items > capacity || capacity - items < wanted) {
            tail.other_seen = head.position.load();
            items = items_between(tail.other_seen, at, capacity);
            if (items > capacity)
                return give_up_push(capacity, {attempt::done, errc::corrupted});
            if (items == capacity)
                return give_up_push(capacity, {attempt::wait});
        }
        if (slot_of(at) >= capacity)
            return give_up_push(capacity, {attempt::done, errc::corrupted});
        const auto room = static_cast<std::uint32_t>(capacity - items);
        return {attempt::done, errc{}, slot_of(at), (std::min)(room, wanted)};
    }

    void commit_push(std::uint32_t capacity, std::uint32_t count) noexcept {
        const auto at = tail.position.load(std::memory_order_relaxed);
        // Pairs with the load of tail.position in begin_pop. It need not be sequentially consistent itself: the
        // exchange in let_go follows it, before poppers is looked at.
        tail.position.store(advanced(at, count, capacity), std::memory_order_release);
        let_go_of_tail(capacity);
        wake_one(poppers); // who was woken and finds more wakes the next
    }

    /// done: there is one item at the least; read `count`, `wanted` at the most, then commit_pop.
    entry begin_pop(std::uint32_t capacity, std::uint32_t wanted) noexcept {
        if (!head.hold())
            return {attempt::wait_for_owner};
        const auto at = head.position.load(std::memory_order_relaxed);
        if (head.other_seen == at) {
            head.other_seen = tail.position.load();
            if (head.other_seen == at) {
                const auto why = nothing_left();
                head.other_seen = tail.position.load();
                if (head.other_seen == at)
                    return give_up_pop(why);
            }
        }
        auto items = items_between(at, head.other_seen, capacity);
        if (items < wanted) {
            head.other_seen = tail.position.load();
            items = items_between(at, head.other_seen, capacity);
        }
        if (items > capacity || items == 0 || slot_of(at) >= capacity)
            return give_up_pop({attempt::done, errc::corrupted});
        return {attempt::done, errc{}, slot_of(at), static_cast<std::uint32_t>(std::min<std::uint64_t>(items, wanted))};
    }

    void commit_pop(std::uint32_t capacity, std::uint32_t count) noexcept {
        const auto at = head.position.load(std::memory_order_relaxed);
        head.position.store(advanced(at, count, capacity), std::memory_order_release);
        let_go_of_head();
        wake_one(pushers);
    }

    void close() noexcept {
        closed.store(1);
        wake_all(pushers);
        wake_all(poppers);
    }

    /// Whom a popper waits for, when it waits for somebody who is inside.
    [[nodiscard]] owner_token inside_for_poppers() const noexcept {
        const auto popper = head.holder.load();
        return popper != nobody ? popper : tail.holder.load(); // closed, and somebody is inside push
    }
    [[nodiscard]] std::uint64_t size(std::uint32_t capacity) const noexcept {
        const auto out = head.position.load();
        const auto items = items_between(out, tail.position.load(), capacity);
        return items <= capacity ? items : capacity; // the two were read at different moments
    }
    [[nodiscard]] bool can_push(std::uint32_t capacity) const noexcept {
        return closed.load() != 0 || items_between(head.position.load(), tail.position.load(), capacity) < capacity;
    }
    [[nodiscard]] bool can_pop() const noexcept { return closed.load() != 0 || has_items(); }

private:
    [[nodiscard]] bool has_items() const noexcept { return head.position.load() != tail.position.load(); }

    /// The queue is empty. It is over only if it is closed and nobody is inside push: whoever is may have looked at
    /// `closed` before it was set, and its item still counts. That pusher wakes the poppers when it lets go. The caller
    /// looks at the tail once more: what it found here may have come in before nobody was inside any more.
    entry nothing_left() noexcept {
        if (closed.load() == 0)
            return {attempt::wait};
        if (!tail.is_free())
            return {attempt::wait_for_owner};
        return {attempt::done, errc::closed};
    }

    // Letting go also wakes somebody who found this end held and went to sleep, if it is worth that one's while. Only
    // then: a pusher that sleeps for room is woken by the next pop.
    void let_go_of_tail(std::uint32_t capacity) noexcept {
        tail.holder.exchange(nobody);
        if (pushers.somebody_waits() && can_push(capacity))
            wake_one(pushers);
        if (closed.load() != 0)
            wake_all(poppers);
    }
    // Closed and empty with somebody inside push is not worth it: nobody can pop then, and whoever lets go here would
    // wake itself over and over again. That pusher wakes the poppers when it lets go.
    void let_go_of_head() noexcept {
        head.holder.exchange(nobody);
        if (poppers.somebody_waits() && (has_items() || (closed.load() != 0 && tail.holder.load() == nobody)))
            wake_one(poppers);
    }
    entry give_up_push(std::uint32_t capacity, entry why) noexcept {
        let_go_of_tail(capacity);
        return why;
    }
    entry give_up_pop(entry why) noexcept {
        let_go_of_head();
        return why;
    }
};

} // namespace crosswake::detail
