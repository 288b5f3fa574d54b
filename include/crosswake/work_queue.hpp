// A bounded queue whose items are gone only when whoever took them says so: many producers, many consumers, and no item
// is lost if a consumer dies with it in hand.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/item.hpp>
#include <crosswake/detail/push_face.hpp>
#include <crosswake/detail/ring_placement.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/detail/work_queue_core.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace crosswake {

template <class T, std::size_t N = dynamic_capacity>
class work_queue;

namespace detail {

template <queue_item T>
class take_operation;

/// A work queue as one process sees it: the shared ring, and the capacity, which no other process can change.
template <queue_item T>
class work_queue_ref {
public:
    using value_type = T;
    static constexpr const char* kind = "work_queue";
    static constexpr const char* push_name = "work_queue::push";
    static constexpr const char* push_some_name = "work_queue::push_some";

    static constexpr std::uint64_t bytes_each = sizeof(place_layout) + slot_bytes<T>;
    static constexpr std::uint64_t bytes_for(std::uint64_t capacity) noexcept {
        return slots_at(capacity) + capacity * slot_bytes<T>;
    }
    static void construct(void* where, std::uint32_t capacity) noexcept {
        ::new (where) work_queue_core;
        std::uninitialized_value_construct_n(places_at(where), capacity);
    }

    work_queue_ref(void* where, std::uint32_t capacity) noexcept
        : work_queue_ref(*std::launder(static_cast<work_queue_core*>(where)), std::launder(places_at(where)),
                         static_cast<std::byte*>(where) + slots_at(capacity), capacity) {}
    work_queue_ref(work_queue_core& core, place_layout* first, std::byte* slots, std::uint32_t capacity) noexcept
        : core_(&core), places_{first, capacity}, slots_(slots) {}

    /// Puts in as many of the items as there is room for; waits if that is none.
    moved try_push(const T* items, std::size_t n) const noexcept {
        if (n == 0)
            return {attempt::done};
        const auto e = core_->begin_push(places_);
        if (e.outcome != attempt::done || e.error != errc{})
            return {e.outcome, e.error};
        auto p = e.from;
        std::size_t count = 0;
        for (; count < n && work_queue_core::find_room(places_, p); p = places_.after(p)) {
            std::memcpy(slot(detail::slot_of(p)), items + count++, sizeof(T));
            work_queue_core::fill(places_, p);
        }
        if (count == 0)
            return {core_->give_up_push(places_, attempt::wait)};
        core_->commit_push(places_, p);
        return {attempt::done, errc{}, count};
    }
    /// Takes one item, or waits if there is none. Only the holder of a place copies from it, so others may take theirs.
    work_queue_core::taken try_take(T* item) const noexcept {
        const auto t = core_->take(places_);
        if (t.outcome == attempt::done && t.error == errc{})
            std::memcpy(static_cast<void*>(item), slot(t.slot), sizeof(T));
        return t;
    }

    [[nodiscard]] bool can_push() const noexcept { return core_->can_push(places_); }
    void close() const noexcept { core_->close(); }
    [[nodiscard]] work_queue_core& core() const noexcept { return *core_; }
    [[nodiscard]] detail::places places() const noexcept { return places_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return places_.count; }

private:
    static constexpr std::uint64_t slots_at(std::uint64_t capacity) noexcept {
        return aligned(sizeof(work_queue_core) + capacity * sizeof(place_layout),
                       std::max<std::size_t>(64, alignof(T)));
    }
    static place_layout* places_at(void* where) noexcept {
        return reinterpret_cast<place_layout*>(static_cast<std::byte*>(where) + sizeof(work_queue_core));
    }
    [[nodiscard]] std::byte* slot(std::uint32_t i) const noexcept { return slots_ + std::size_t{i} * slot_bytes<T>; }

    work_queue_core* core_;
    detail::places places_;
    std::byte* slots_;
};

} // namespace detail

/// An item that was taken from a work_queue and is in this process's hand: nobody else gets it until it is put back, by
/// put_back() or because this goes unconfirmed, or until this process dies. confirm() makes the take final.
///
/// Movable; may be confirmed or go in another thread of the process than the one that took it. In a forked child, which
/// holds none of what its parent holds, an inherited delivery does nothing when it goes. It has to go before the handle
/// of the object that the queue lies in; once a process has closed its last handle, what it still had in hand goes to
/// others, as after its death. Not itself thread-safe.
template <class T>
class delivery {
public:
    using value_type = T;

    delivery() noexcept = default;
    delivery(delivery&& other) noexcept
        : claim_(std::exchange(other.claim_, std::nullopt)), item_(other.item_), redelivered_(other.redelivered_) {}
    delivery& operator=(delivery&& other) noexcept {
        delivery(std::move(other)).swap(*this);
        return *this;
    }
    ~delivery() {
        if (claim_)
            (void)claim_->queue.core().put_back(claim_->queue.places(), claim_->slot);
    }

    void swap(delivery& other) noexcept {
        std::swap(claim_, other.claim_);
        std::swap(item_, other.item_);
        std::swap(redelivered_, other.redelivered_);
    }

    /// The item: a copy, which others cannot change. It stays readable after confirm() and put_back().
    [[nodiscard]] const T& item() const noexcept { return item_.get(); }
    /// How often it was given to somebody before who did not confirm it: 0 as a rule. An item that its takers die of
    /// shows by this number.
    [[nodiscard]] std::uint32_t redelivered() const noexcept { return redelivered_; }

    /// The work is done: the item is gone, its place is free. This holds nothing afterwards; it must hold one. Throws
    /// errc::operation_not_permitted, and changes nothing, in a process that did not take it (a forked child).
    void confirm() { settle(&detail::work_queue_core::confirm, "delivery::confirm"); }
    /// Somebody else is to have it: before all that is fresh, in the order in which items were pushed. As confirm().
    void put_back() { settle(&detail::work_queue_core::put_back, "delivery::put_back"); }

    /// Whether it holds an item that is neither confirmed nor put back.
    [[nodiscard]] bool holds() const noexcept { return claim_.has_value(); }
    explicit operator bool() const noexcept { return holds(); }

private:
    friend class detail::take_operation<T>;

    struct claim {
        detail::work_queue_ref<T> queue;
        std::uint32_t slot;
    };
    delivery(claim c, const detail::item_bytes<T>& item, std::uint32_t redelivered) noexcept
        : claim_(c), item_(item), redelivered_(redelivered) {}

    void settle(bool (detail::work_queue_core::*how)(detail::places, std::uint32_t) noexcept, const char* call) {
        assert(claim_ && "crosswake::delivery: holds nothing");
        auto& core = claim_->queue.core();
        if (!(core.*how)(claim_->queue.places(), claim_->slot))
            detail::raise_about(&core, errc::operation_not_permitted, call);
        claim_.reset();
    }

    std::optional<claim> claim_;
    detail::item_bytes<T> item_;
    std::uint32_t redelivered_ = 0;
};

namespace detail {

template <queue_item T>
class take_operation final : public operation {
public:
    explicit take_operation(work_queue_ref<T> q) noexcept : operation(q.core().takers), queue_(q) {}
    attempt try_once() noexcept override {
        last_ = queue_.try_take(item_.address());
        error = last_.error;
        return last_.outcome;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.core().can_take(queue_.places()); }
    [[nodiscard]] owner_token held_by() const noexcept override { return last_.whose; }
    /// What was taken; after try_once() said `done` without error. Call it once.
    [[nodiscard]] crosswake::delivery<T> delivery() const noexcept {
        return {{queue_, last_.slot}, item_, queue_.places().first[last_.slot].redelivered};
    }

    errc error{};

private:
    work_queue_ref<T> queue_;
    work_queue_core::taken last_;
    item_bytes<T> item_;
};

/// What users call, the same for both kinds of work queue. Self has ref().
template <class Self, queue_item T>
class work_queue_face : public push_face<Self, work_queue_ref<T>> {
public:
    /// Takes the next item, waiting for one. What came back goes before what is fresh. Throws errc::closed once the
    /// queue is closed and drained: nothing waits, and nothing is in anybody's hand, which may yet come back.
    [[nodiscard]] delivery<T> take() { return take_until(deadline::never()); }
    /// One that holds nothing: it is closed and drained, and error says so.
    [[nodiscard]] delivery<T> take(std::error_code& error) { return take_until(deadline::never(), error); }
    /// One that holds nothing: there is nothing to be had. Never waits; fails too while another process is stopped
    /// inside take.
    [[nodiscard]] delivery<T> try_take() noexcept {
        std::error_code ignored;
        return try_take(ignored);
    }
    /// As above, and error tells nothing to be had from closed and drained: no error or errc::closed.
    [[nodiscard]] delivery<T> try_take(std::error_code& error) noexcept {
        take_operation<T> op{ref()};
        return outcome_of(op, op.try_once() == attempt::done, error);
    }
    /// One that holds nothing: the time is over and nothing was taken. Throws errc::closed. Tries once however late it
    /// is.
    template <class Rep, class Period>
    [[nodiscard]] delivery<T> take_for(const std::chrono::duration<Rep, Period>& timeout) {
        return take_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] delivery<T> take_until(const std::chrono::time_point<Clock, Duration>& moment) {
        return take_until(deadline::at(moment));
    }

    /// How many items were in it a moment ago, waiting or in somebody's hand. Both look at every place.
    [[nodiscard]] std::size_t size() const noexcept {
        const auto end = ref().core().tail.position.load();
        return work_queue_core::count_of(ref().places(), [end](std::uint64_t word, std::uint32_t slot) {
            const auto pushed_at = (word & ~std::uint64_t{0xffff'ffff}) | slot;
            return places::unsettled(word) || (places::waits(word) && is_before(pushed_at, end));
        });
    }
    /// How many of them were in somebody's hand.
    [[nodiscard]] std::size_t in_hand() const noexcept {
        return work_queue_core::count_of(ref().places(),
                                         [](std::uint64_t word, std::uint32_t) { return places::in_hand(word); });
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

private:
    [[nodiscard]] work_queue_ref<T> ref() const noexcept { return static_cast<const Self&>(*this).ref(); }

    delivery<T> take_until(deadline until) {
        std::error_code error;
        auto d = take_until(until, error);
        if (error)
            raise_about(&ref().core(), error, "work_queue::take");
        return d;
    }
    delivery<T> take_until(deadline until, std::error_code& error) {
        take_operation<T> op{ref()};
        return outcome_of(op, wait(op, until), error);
    }
    static delivery<T> outcome_of(const take_operation<T>& op, bool is_over, std::error_code& error) noexcept {
        error = is_over && op.error != errc{} ? make_error_code(op.error) : std::error_code{};
        return is_over && !error ? op.delivery() : delivery<T>();
    }
};

} // namespace detail

/// A work queue whose capacity is part of its type: it may stand inside a struct of yours in named<that struct>, as
/// well as alone in named<work_queue<T, N>>.
///
/// T is trivially copyable and holds no addresses. Everything that crosses the queue is copied into it and out of it.
/// take() gives a delivery, and the item keeps its place until that is confirmed, so the capacity counts what is in
/// hand. (A free place between two items that wait is used when the first of them has been taken.) If the taker dies,
/// or closes its last handle, the item goes to somebody else: an awaiting taker hears of the death of whoever has the
/// oldest item, and otherwise takers look up, within a second. Only proof of death from the operating system takes an
/// item out of somebody's hand; a stopped taker keeps what it has.
///
/// So each item is delivered once while nobody dies, and again, to one at a time, when its taker died before it
/// confirmed, even if its work was done by then. A producer that is killed inside push has either put the whole item in
/// or nothing. Fresh items come in the order in which they went in.
///
/// Thread-safe in all functions. push() synchronises with the take() of its item, and put_back() with the next one.
template <class T, std::size_t N>
class work_queue : public detail::work_queue_face<work_queue<T, N>, T> {
    static_assert(N <= (std::numeric_limits<std::uint32_t>::max)());

public:
    work_queue() noexcept = default;

    [[nodiscard]] detail::work_queue_ref<T> ref() const noexcept {
        auto& self =
            const_cast<work_queue&>(*this); // the words of an object in shared memory change under a const handle too
        return {self.core_, self.places_, self.slots_, static_cast<std::uint32_t>(N)};
    }

    static detail::shape describe() noexcept {
        return {.kind = "work_queue", .parameters = {{"capacity", N}, {"item size", sizeof(T)}}};
    }

private:
    detail::work_queue_core core_;
    detail::place_layout places_[N];
    alignas(std::max<std::size_t>(64, alignof(T))) std::byte slots_[N * detail::slot_bytes<T>];
};

/// A work queue whose capacity is chosen when it is made: named<work_queue<T>>{create_only, "jobs", capacity}. It
/// stands alone in its segment; the object of this type is this process's private view of it, held by the handle.
///
/// All else as for work_queue<T, N>.
template <class T>
class work_queue<T, dynamic_capacity> : public detail::work_queue_face<work_queue<T, dynamic_capacity>, T> {
public:
    [[nodiscard]] detail::work_queue_ref<T> ref() const noexcept { return ref_; }

private:
    friend struct detail::ring_placement<work_queue, detail::work_queue_ref<T>>;
    explicit work_queue(detail::work_queue_ref<T> r) noexcept : ref_(r) {}

    detail::work_queue_ref<T> ref_;
};

namespace detail {

template <class T>
struct placement<work_queue<T, dynamic_capacity>> : ring_placement<work_queue<T, dynamic_capacity>, work_queue_ref<T>> {
};

} // namespace detail
} // namespace crosswake
