// The pushing side of a queue: the operations, and what users call. The same for queue and work_queue, which differ in
// their Ref, a ring as one process sees it:
//
//     moved try_push(const T* items, std::size_t n);   puts in as many as there is room for
//     bool can_push();                                 as operation::ready()
//     void close();
//     core()                                           has tail, pushers, closed
//     push_name, push_some_name                        for errors
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/item.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

namespace crosswake::detail {

template <queue_item T>
class queue_ref;

template <queue_item T, class Ref = queue_ref<T>>
class push_operation final : public operation {
public:
    push_operation(Ref q, const T& item) noexcept : operation(q.core().pushers), queue_(q), item_(item) {}
    attempt try_once() noexcept override {
        const auto o = queue_.try_push(&item_.get(), 1);
        error = o.error;
        return o.what;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.can_push(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return queue_.core().tail.holder.load(); }

    errc error{};

private:
    Ref queue_;
    item_bytes<T> item_;
};

template <queue_item T, class Ref = queue_ref<T>>
class push_some_operation final : public operation {
public:
    push_some_operation(Ref q, std::span<const T> items) noexcept
        : operation(q.core().pushers), queue_(q), items_(items) {}
    attempt try_once() noexcept override {
        const auto o = queue_.try_push(items_.data(), items_.size());
        error = o.error;
        count = o.count;
        return o.what;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.can_push(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return queue_.core().tail.holder.load(); }

    errc error{};
    std::size_t count = 0; // how many went in

private:
    Ref queue_;
    std::span<const T> items_;
};

/// What users call to put items in, the same for all that holds items in a ring. Self has ref(), which is a Ref.
template <class Self, class Ref>
class push_face {
    using T = typename Ref::value_type;

public:
    using value_type = T;

    /// Puts a copy of the item at the end, waiting for room. Throws errc::closed once the queue is closed.
    void push(const T& item) { (void)push_until(deadline::never(), item); }
    /// false: it is closed, and error says so.
    bool push(const T& item, std::error_code& error) { return push_until(deadline::never(), item, error); }
    /// false: there is no room, or it is closed. Never waits; fails too while another process is stopped inside push.
    [[nodiscard]] bool try_push(const T& item) noexcept { return ref().try_push(&item, 1).something(); }
    /// As above, and error tells the two apart: no error or errc::closed.
    [[nodiscard]] bool try_push(const T& item, std::error_code& error) noexcept {
        return try_push_some({&item, 1}, error) == 1;
    }
    /// false: the time is over and the item was not put in. Throws errc::closed. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] bool push_for(const std::chrono::duration<Rep, Period>& timeout, const T& item) {
        return push_until(deadline::after(timeout), item);
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool push_until(const std::chrono::time_point<Clock, Duration>& moment, const T& item) {
        return push_until(deadline::at(moment), item);
    }

    /// Puts in the first of the items, as many as there is room for, next to one another; waits for room for one.
    /// Returns how many that were. Throws errc::closed once the queue is closed.
    std::size_t push_some(std::span<const T> items) { return push_some_until(deadline::never(), items); }
    /// 0 for some items: it is closed, and error says so.
    std::size_t push_some(std::span<const T> items, std::error_code& error) {
        return push_some_until(deadline::never(), items, error);
    }
    /// 0 for some items: there is no room, or it is closed. Never waits.
    [[nodiscard]] std::size_t try_push_some(std::span<const T> items) noexcept {
        return ref().try_push(items.data(), items.size()).count;
    }
    /// As above, and error tells the two apart: no error or errc::closed.
    [[nodiscard]] std::size_t try_push_some(std::span<const T> items, std::error_code& error) noexcept {
        const auto o = ref().try_push(items.data(), items.size());
        error = o.error == errc{} ? std::error_code{} : make_error_code(o.error);
        return o.count;
    }
    /// 0 for some items: the time is over and none was put in. Throws errc::closed. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] std::size_t push_some_for(const std::chrono::duration<Rep, Period>& timeout,
                                            std::span<const T> items) {
        return push_some_until(deadline::after(timeout), items);
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::size_t push_some_until(const std::chrono::time_point<Clock, Duration>& moment,
                                              std::span<const T> items) {
        return push_some_until(deadline::at(moment), items);
    }
    /// Puts in all the items in order, waiting for room as often as it takes; others' may come between. Throws
    /// errc::closed: some of them may be in by then.
    void push_range(std::span<const T> items) {
        while (!items.empty())
            items = items.subspan(push_some(items));
    }
    /// Returns how many went in; fewer than all: it was closed, and error says so.
    std::size_t push_range(std::span<const T> items, std::error_code& error) {
        error.clear();
        auto left = items;
        while (!left.empty() && !error)
            left = left.subspan(push_some(left, error));
        return items.size() - left.size();
    }

    /// Nothing goes in any more; what is in it can still be taken. Wakes everyone. An item whose push had begun when
    /// close() was called may still go in, and is then taken like the others. Closed is for ever.
    void close() noexcept { ref().close(); }
    [[nodiscard]] bool is_closed() const noexcept { return ref().core().closed.load() != 0; }
    [[nodiscard]] std::size_t capacity() const noexcept { return ref().capacity(); }

private:
    [[nodiscard]] Ref ref() const noexcept { return static_cast<const Self&>(*this).ref(); }

    bool push_until(deadline until, const T& item) {
        std::error_code error;
        const bool in = push_until(until, item, error);
        if (error)
            raise_about(&ref().core(), error, Ref::push_name);
        return in;
    }
    bool push_until(deadline until, const T& item, std::error_code& error) {
        error.clear();
        push_operation<T, Ref> op{ref(), item};
        if (!wait(op, until))
            return false;
        if (op.error != errc{})
            error = op.error;
        return !error;
    }
    std::size_t push_some_until(deadline until, std::span<const T> items) {
        std::error_code error;
        const auto n = push_some_until(until, items, error);
        if (error)
            raise_about(&ref().core(), error, Ref::push_some_name);
        return n;
    }
    std::size_t push_some_until(deadline until, std::span<const T> items, std::error_code& error) {
        push_some_operation<T, Ref> op{ref(), items};
        error.clear();
        if (!wait(op, until))
            return 0;
        if (op.error != errc{})
            error = op.error;
        return op.count;
    }
};

} // namespace crosswake::detail
