// A bounded queue that processes share: many producers, many consumers, first in, first out.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/item.hpp>
#include <crosswake/detail/push_face.hpp>
#include <crosswake/detail/queue_core.hpp>
#include <crosswake/detail/ring_placement.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>

namespace crosswake {

template <class T, std::size_t N = dynamic_capacity>
class queue;

namespace detail {

/// A queue as one process sees it: the shared ring, and the capacity, which no other process can change.
template <queue_item T>
class queue_ref {
public:
    using value_type = T;
    static constexpr const char* kind = "queue";
    static constexpr const char* push_name = "queue::push";
    static constexpr const char* push_some_name = "queue::push_some";

    static constexpr std::uint64_t bytes_each = slot_bytes<T>;
    static constexpr std::uint64_t bytes_for(std::uint64_t capacity) noexcept {
        return slots_at + capacity * bytes_each;
    }
    static void construct(void* where, std::uint32_t /*capacity*/) noexcept { ::new (where) queue_core; }

    queue_ref(void* where, std::uint32_t capacity) noexcept
        : queue_ref(*std::launder(static_cast<queue_core*>(where)), static_cast<std::byte*>(where) + slots_at,
                    capacity) {}
    queue_ref(queue_core& core, std::byte* slots, std::uint32_t capacity) noexcept
        : core_(&core), slots_(slots), capacity_(capacity) {}

    /// Puts in as many of the items as there is room for; waits if that is none.
    moved try_push(const T* items, std::size_t n) const noexcept {
        if (n == 0)
            return {attempt::done};
        const auto e = core_->begin_push(capacity_, wanted(n));
        if (e.outcome == attempt::done && e.error == errc{}) {
            each_run(e, [items](std::byte* slots, std::size_t from, std::size_t count) {
                if constexpr (slot_bytes<T> == sizeof(T))
                    std::memcpy(slots, items + from, count * sizeof(T));
                else
                    for (std::size_t i = 0; i < count; ++i)
                        std::memcpy(slots + i * slot_bytes<T>, items + from + i, sizeof(T));
            });
            core_->commit_push(capacity_, e.count);
        }
        return {e.outcome, e.error, e.count};
    }
    /// Takes up to n items; waits if there is none.
    moved try_pop(T* items, std::size_t n) const noexcept {
        if (n == 0)
            return {attempt::done};
        const auto e = core_->begin_pop(capacity_, wanted(n));
        if (e.outcome == attempt::done && e.error == errc{}) {
            each_run(e, [items](const std::byte* slots, std::size_t from, std::size_t count) {
                if constexpr (slot_bytes<T> == sizeof(T))
                    std::memcpy(static_cast<void*>(items + from), slots, count * sizeof(T));
                else
                    for (std::size_t i = 0; i < count; ++i)
                        std::memcpy(static_cast<void*>(items + from + i), slots + i * slot_bytes<T>, sizeof(T));
            });
            core_->commit_pop(capacity_, e.count);
        }
        return {e.outcome, e.error, e.count};
    }

    [[nodiscard]] bool can_push() const noexcept { return core_->can_push(capacity_); }
    void close() const noexcept { core_->close(); }
    [[nodiscard]] queue_core& core() const noexcept { return *core_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

private:
    static constexpr std::uint64_t slots_at = aligned(sizeof(queue_core), alignof(T));

    [[nodiscard]] std::byte* slot(std::uint32_t i) const noexcept { return slots_ + std::size_t{i} * slot_bytes<T>; }
    [[nodiscard]] std::uint32_t wanted(std::size_t n) const noexcept {
        return static_cast<std::uint32_t>(std::min<std::size_t>(n, capacity_));
    }
    /// Calls copy(slots, number of the first item, count) for the slots up to the ring's end, and for those after it.
    template <class Copy>
    void each_run(const queue_core::entry& e, Copy&& copy) const noexcept {
        const auto to_the_end = (std::min)(e.count, capacity_ - e.slot);
        copy(slot(e.slot), 0, to_the_end);
        if (to_the_end != e.count)
            copy(slot(0), to_the_end, e.count - to_the_end);
    }

    queue_core* core_;
    std::byte* slots_;
    std::uint32_t capacity_;
};

template <queue_item T>
class pop_operation final : public operation {
public:
    explicit pop_operation(queue_ref<T> q) noexcept : operation(q.core().poppers), queue_(q) {}
    attempt try_once() noexcept override {
        const auto o = queue_.try_pop(item_.address(), 1);
        error = o.error;
        return o.what;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.core().can_pop(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return queue_.core().inside_for_poppers(); }
    /// What was popped; after try_once() said `done` without error.
    [[nodiscard]] const T& item() const noexcept { return item_.get(); }

    errc error{};

private:
    queue_ref<T> queue_;
    item_bytes<T> item_;
};

template <queue_item T>
class pop_some_operation final : public operation {
public:
    pop_some_operation(queue_ref<T> q, std::span<T> items) noexcept
        : operation(q.core().poppers), queue_(q), items_(items) {}
    attempt try_once() noexcept override {
        const auto o = queue_.try_pop(items_.data(), items_.size());
        error = o.error;
        count = o.count;
        return o.what;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.core().can_pop(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return queue_.core().inside_for_poppers(); }

    errc error{};
    std::size_t count = 0; // how many came out

private:
    queue_ref<T> queue_;
    std::span<T> items_;
};

/// What users call, the same for both kinds of queue. Self has ref().
template <class Self, queue_item T>
class queue_face : public push_face<Self, queue_ref<T>> {
public:
    /// Takes the item at the front, waiting for one. Throws errc::closed once the queue is closed and drained.
    T pop() { return *pop_until(deadline::never()); }
    /// nullopt: it is closed and drained, and error says so.
    std::optional<T> pop(std::error_code& error) { return pop_until(deadline::never(), error); }
    /// nullopt: there is nothing in it. Never waits; fails too while another process is stopped inside pop.
    [[nodiscard]] std::optional<T> try_pop() noexcept {
        std::error_code ignored;
        return try_pop(ignored);
    }
    /// As above, and error tells an empty queue from a closed and drained one: no error or errc::closed.
    [[nodiscard]] std::optional<T> try_pop(std::error_code& error) noexcept {
        item_bytes<T> item;
        if (try_pop_some({item.address(), 1}, error) == 0)
            return std::nullopt;
        return item.get();
    }
    /// nullopt: the time is over and nothing was taken. Throws errc::closed. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<T> pop_for(const std::chrono::duration<Rep, Period>& timeout) {
        return pop_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<T> pop_until(const std::chrono::time_point<Clock, Duration>& moment) {
        return pop_until(deadline::at(moment));
    }

    /// Takes the items at the front, as many as there are and as fit into `items`, and waits for one. Returns how many
    /// that were. Throws errc::closed once the queue is closed and drained.
    std::size_t pop_some(std::span<T> items) { return pop_some_until(deadline::never(), items); }
    /// 0 for room for some: it is closed and drained, and error says so.
    std::size_t pop_some(std::span<T> items, std::error_code& error) {
        return pop_some_until(deadline::never(), items, error);
    }
    /// 0 for room for some: there is nothing in it, or it is closed and drained. Never waits.
    [[nodiscard]] std::size_t try_pop_some(std::span<T> items) noexcept {
        return ref().try_pop(items.data(), items.size()).count;
    }
    /// As above, and error tells the two apart: no error or errc::closed.
    [[nodiscard]] std::size_t try_pop_some(std::span<T> items, std::error_code& error) noexcept {
        const auto o = ref().try_pop(items.data(), items.size());
        error = o.error == errc{} ? std::error_code{} : make_error_code(o.error);
        return o.count;
    }
    /// 0 for room for some: the time is over and none was taken. Throws errc::closed. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] std::size_t pop_some_for(const std::chrono::duration<Rep, Period>& timeout, std::span<T> items) {
        return pop_some_until(deadline::after(timeout), items);
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::size_t pop_some_until(const std::chrono::time_point<Clock, Duration>& moment,
                                             std::span<T> items) {
        return pop_some_until(deadline::at(moment), items);
    }

    /// How many items were in it a moment ago.
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(ref().core().size(ref().capacity()));
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

private:
    [[nodiscard]] queue_ref<T> ref() const noexcept { return static_cast<const Self&>(*this).ref(); }

    std::size_t pop_some_until(deadline until, std::span<T> items) {
        std::error_code error;
        const auto n = pop_some_until(until, items, error);
        if (error)
            raise_about(&ref().core(), error, "queue::pop_some");
        return n;
    }
    std::size_t pop_some_until(deadline until, std::span<T> items, std::error_code& error) {
        pop_some_operation<T> op{ref(), items};
        error.clear();
        if (!wait(op, until))
            return 0;
        if (op.error != errc{})
            error = op.error;
        return op.count;
    }
    std::optional<T> pop_until(deadline until) {
        std::error_code error;
        auto item = pop_until(until, error);
        if (error)
            raise_about(&ref().core(), error, "queue::pop");
        return item;
    }
    std::optional<T> pop_until(deadline until, std::error_code& error) {
        error.clear();
        pop_operation<T> op{ref()};
        if (!wait(op, until))
            return std::nullopt;
        if (op.error != errc{}) {
            error = op.error;
            return std::nullopt;
        }
        return op.item();
    }
};

} // namespace detail

/// A queue whose capacity is part of its type: it may stand inside a struct of yours in named<that struct>, as well as
/// alone in named<queue<T, N>>.
///
/// T is trivially copyable and holds no addresses. Everything that crosses the queue is copied into it and out of it.
/// An item that was pushed is there until it is popped, whoever dies: a producer that is killed inside push has either
/// put the whole item in or nothing. A consumer that is killed after pop took its item takes it to the grave.
///
/// Thread-safe in all functions. push() synchronises with the pop() that takes its item.
template <class T, std::size_t N>
class queue : public detail::queue_face<queue<T, N>, T> {
    static_assert(N <= (std::numeric_limits<std::uint32_t>::max)());

public:
    queue() noexcept = default;

    [[nodiscard]] detail::queue_ref<T> ref() const noexcept {
        auto& self =
            const_cast<queue&>(*this); // the words of an object in shared memory change under a const handle too
        return {self.core_, self.slots_, static_cast<std::uint32_t>(N)};
    }

    static detail::shape describe() noexcept {
        return {.kind = "queue", .parameters = {{"capacity", N}, {"item size", sizeof(T)}}};
    }

private:
    detail::queue_core core_;
    alignas(std::max<std::size_t>(64, alignof(T))) std::byte slots_[N * detail::slot_bytes<T>];
};

/// A queue whose capacity is chosen when it is made: named<queue<T>>{create_only, "jobs", capacity}. It stands alone in
/// its segment; the object of this type is this process's private view of it, held by the handle.
///
/// All else as for queue<T, N>.
template <class T>
class queue<T, dynamic_capacity> : public detail::queue_face<queue<T, dynamic_capacity>, T> {
public:
    [[nodiscard]] detail::queue_ref<T> ref() const noexcept { return ref_; }

private:
    friend struct detail::ring_placement<queue, detail::queue_ref<T>>;
    explicit queue(detail::queue_ref<T> r) noexcept : ref_(r) {}

    detail::queue_ref<T> ref_;
};

namespace detail {

template <class T>
struct placement<queue<T, dynamic_capacity>> : ring_placement<queue<T, dynamic_capacity>, queue_ref<T>> {};

} // namespace detail
} // namespace crosswake
