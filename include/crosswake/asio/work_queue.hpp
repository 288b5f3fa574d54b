// work_queue, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>;
// the pushing side is queue's.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/asio/push.hpp>
#include <crosswake/work_queue.hpp>

#include <cstddef>

namespace crosswake {

namespace detail {

template <class T>
struct completion<take_operation<T>> {
    using signature = void(boost::system::error_code, delivery<T>);
    static errc error(const take_operation<T>& op) noexcept { return op.error; }
    static std::tuple<delivery<T>> values(take_operation<T>& op, bool ok) noexcept {
        return {ok ? op.delivery() : delivery<T>()};
    }
    static void give_back(take_operation<T>& op) noexcept { (void)op.delivery(); } // puts it back
    static constexpr bool refers_to_object = true;                                 // the delivery does
};

template <class Executor, class T, class Token>
auto initiate_take(const Executor& ex, work_queue_ref<T> q, patience p, Token&& token) {
    return initiate<take_operation<T>>(
        ex, [q] { return take_operation<T>(q); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Takes the next item, waiting for one, and delivers it; errc::closed: closed and drained. With an error, a delivery
/// that holds nothing. An item whose handler is destroyed uncalled, with its context, is put back.
/// Signature: void(error_code, delivery<T>).
template <class T, std::size_t N, class Token = detail::default_token>
auto async_take(work_queue<T, N>& q, Token&& token = {}) {
    return detail::initiate_take(detail::handlers_executor{}, q.ref(), {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Token = detail::default_token>
auto async_take(const Executor& ex, work_queue<T, N>& q, Token&& token = {}) {
    return detail::initiate_take(ex, q.ref(), {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class T, std::size_t N, class Rep, class Period, class Token = detail::default_token>
auto async_take_for(work_queue<T, N>& q, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_take(detail::handlers_executor{}, q.ref(), detail::patience(timeout),
                                 std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Rep, class Period,
          class Token = detail::default_token>
auto async_take_for(const Executor& ex, work_queue<T, N>& q, std::chrono::duration<Rep, Period> timeout,
                    Token&& token = {}) {
    return detail::initiate_take(ex, q.ref(), detail::patience(timeout), std::forward<Token>(token));
}
template <class T, std::size_t N, class Clock, class Duration, class Token = detail::default_token>
auto async_take_until(work_queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_take(detail::handlers_executor{}, q.ref(), detail::patience(moment),
                                 std::forward<Token>(token));
}
template <detail::an_executor Executor, class T, std::size_t N, class Clock, class Duration,
          class Token = detail::default_token>
auto async_take_until(const Executor& ex, work_queue<T, N>& q, std::chrono::time_point<Clock, Duration> moment,
                      Token&& token = {}) {
    return detail::initiate_take(ex, q.ref(), detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
