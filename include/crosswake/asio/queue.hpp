// queue, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/asio/push.hpp>
#include <crosswake/queue.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace crosswake {

namespace detail {

template <class T>
struct completion<pop_operation<T>> {
    using signature = void(boost::system::error_code, T);
    static errc error(const pop_operation<T>& op) noexcept { return op.error; }
    static std::tuple<T> values(pop_operation<T>& op, bool ok) noexcept {
        return {ok ? op.item() : item_bytes<T>().get()};
    }
    static void give_back(pop_operation<T>&) noexcept {} // there is no way back to the front of a queue
};

template <class T>
struct completion<pop_some_operation<T>> {
    using signature = void(boost::system::error_code, std::size_t);
    static errc error(const pop_some_operation<T>& op) noexcept { return op.error; }
    static std::tuple<std::size_t> values(pop_some_operation<T>& op, bool ok) noexcept { return {ok ? op.count : 0}; }
    static void give_back(pop_some_operation<T>&) noexcept {} // there is no way back to the front of a queue
};

template <class Executor, class T, class Token>
auto initiate_pop_some(const Executor& ex, queue_ref<T> q, std::span<T> items, patience p, Token&& token) {
    return initiate<pop_some_operation<T>>(
        ex, [q, items] { return pop_some_operation<T>(q, items); }, p, std::forward<Token>(token));
}

template <class Executor, class T, class Token>
auto initiate_pop(const Executor& ex, queue_ref<T> q, patience p, Token&& token) {
    return initiate<pop_operation<T>>(
        ex, [q] { return pop_operation<T>(q); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Takes the item at the front, waiting for one; errc::closed: closed and drained. With an error the item's bytes are
/// zeros. An item whose handler is destroyed uncalled, with its context, counts as received.
/// Signature: void(error_code, T).
template <class T, std::size_t N, class Token = detail::default_token>
auto async_pop(queue<T, N>& q, Token&& token = {}) {
    return detail::initiate_pop(detail::handlers_executor{}, q.ref(), {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Token = detail::default_token>
auto async_pop(const Executor& ex, queue<T, N>& q, Token&& token = {}) {
    return detail::initiate_pop(ex, q.ref(), {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class T, std::size_t N, class Rep, class Period, class Token = detail::default_token>
auto async_pop_for(queue<T, N>& q, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_pop(detail::handlers_executor{}, q.ref(), detail::patience(timeout),
                                std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Rep, class Period,
          class Token = detail::default_token>
auto async_pop_for(const Executor& ex, queue<T, N>& q, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_pop(ex, q.ref(), detail::patience(timeout), std::forward<Token>(token));
}
template <class T, std::size_t N, class Clock, class Duration, class Token = detail::default_token>
auto async_pop_until(queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_pop(detail::handlers_executor{}, q.ref(), detail::patience(moment),
                                std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Clock, class Duration,
          class Token = detail::default_token>
auto async_pop_until(const Executor& ex, queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment,
                     Token&& token = {}) {
    return detail::initiate_pop(ex, q.ref(), detail::patience(moment), std::forward<Token>(token));
}

/// Takes the items at the front, as many as there are and as fit into `items`, which has to stay where it is until the
/// handler is called; waits for one. errc::closed: closed and drained. Items whose handler is destroyed uncalled, with
/// its context, count as received. Signature: void(error_code, size_t), with how many came out.
template <class T, std::size_t N, class Token = detail::default_token>
auto async_pop_some(queue<T, N>& q, std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(detail::handlers_executor{}, q.ref(), items, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Token = detail::default_token>
auto async_pop_some(const Executor& ex, queue<T, N>& q, std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(ex, q.ref(), items, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and none was taken.
template <class T, std::size_t N, class Rep, class Period, class Token = detail::default_token>
auto async_pop_some_for(queue<T, N>& q, std::chrono::duration<Rep, Period> timeout,
                        std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(detail::handlers_executor{}, q.ref(), items, detail::patience(timeout),
                                     std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Rep, class Period,
          class Token = detail::default_token>
auto async_pop_some_for(const Executor& ex, queue<T, N>& q, std::chrono::duration<Rep, Period> timeout,
                        std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(ex, q.ref(), items, detail::patience(timeout), std::forward<Token>(token));
}
template <class T, std::size_t N, class Clock, class Duration, class Token = detail::default_token>
auto async_pop_some_until(queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment,
                          std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(detail::handlers_executor{}, q.ref(), items, detail::patience(moment),
                                     std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Clock, class Duration,
          class Token = detail::default_token>
auto async_pop_some_until(const Executor& ex, queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment,
                          std::type_identity_t<std::span<T>> items, Token&& token = {}) {
    return detail::initiate_pop_some(ex, q.ref(), items, detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
