// The pushing side of queue and work_queue, awaited on Boost.Asio. What all asynchronous functions have in common is
// said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/detail/push_face.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace crosswake {

namespace detail {

template <class T, class Ref>
struct completion<push_operation<T, Ref>> {
    using signature = void(boost::system::error_code);
    static errc error(const push_operation<T, Ref>& op) noexcept { return op.error; }
    static std::tuple<> values(push_operation<T, Ref>&, bool) noexcept { return {}; }
    static void give_back(push_operation<T, Ref>&) noexcept {} // the item is in, and stays there
};

template <class T, class Ref>
struct completion<push_some_operation<T, Ref>> {
    using signature = void(boost::system::error_code, std::size_t);
    static errc error(const push_some_operation<T, Ref>& op) noexcept { return op.error; }
    static std::tuple<std::size_t> values(push_some_operation<T, Ref>& op, bool ok) noexcept {
        return {ok ? op.count : 0};
    }
    static void give_back(push_some_operation<T, Ref>&) noexcept {} // they are in, and stay there
};

template <class Executor, class Ref, class Token>
auto initiate_push(const Executor& ex, Ref q, const typename Ref::value_type& item, patience p, Token&& token) {
    using push = push_operation<typename Ref::value_type, Ref>;
    return initiate<push>(
        ex, [q, item] { return push(q, item); }, p, std::forward<Token>(token));
}

template <class Executor, class Ref, class Token>
auto initiate_push_some(const Executor& ex, Ref q, std::span<const typename Ref::value_type> items, patience p,
                        Token&& token) {
    using push = push_some_operation<typename Ref::value_type, Ref>;
    return initiate<push>(
        ex, [q, items] { return push(q, items); }, p, std::forward<Token>(token));
}

/// queue and work_queue.
template <class Q>
concept has_pushing_side = std::is_base_of_v<push_face<Q, decltype(std::declval<const Q&>().ref())>, Q>;

} // namespace detail

/// Puts a copy of the item at the end, waiting for room; errc::closed: nothing goes in any more. The item is copied
/// when the call is made. Signature: void(error_code).
template <detail::has_pushing_side Q, class Token = detail::default_token>
auto async_push(Q& q, const typename Q::value_type& item, Token&& token = {}) {
    return detail::initiate_push(detail::handlers_executor{}, q.ref(), item, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Token = detail::default_token>
auto async_push(const Executor& ex, Q& q, const typename Q::value_type& item, Token&& token = {}) {
    return detail::initiate_push(ex, q.ref(), item, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and the item was not put in.
template <detail::has_pushing_side Q, class Rep, class Period, class Token = detail::default_token>
auto async_push_for(Q& q, std::chrono::duration<Rep, Period> timeout, const typename Q::value_type& item,
                    Token&& token = {}) {
    return detail::initiate_push(detail::handlers_executor{}, q.ref(), item, detail::patience(timeout),
                                 std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Rep, class Period,
          class Token = detail::default_token>
auto async_push_for(const Executor& ex, Q& q, std::chrono::duration<Rep, Period> timeout,
                    const typename Q::value_type& item, Token&& token = {}) {
    return detail::initiate_push(ex, q.ref(), item, detail::patience(timeout), std::forward<Token>(token));
}
template <detail::has_pushing_side Q, class Clock, class Duration, class Token = detail::default_token>
auto async_push_until(Q& q, std::chrono::time_point<Clock, Duration> moment, const typename Q::value_type& item,
                      Token&& token = {}) {
    return detail::initiate_push(detail::handlers_executor{}, q.ref(), item, detail::patience(moment),
                                 std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Clock, class Duration,
          class Token = detail::default_token>
auto async_push_until(const Executor& ex, Q& q, std::chrono::time_point<Clock, Duration> moment,
                      const typename Q::value_type& item, Token&& token = {}) {
    return detail::initiate_push(ex, q.ref(), item, detail::patience(moment), std::forward<Token>(token));
}

/// Puts in the first of the items, as many as there is room for, waiting for room for one; errc::closed: nothing goes
/// in any more. The items are read when they go in, and have to stay where they are until the handler is called.
/// Signature: void(error_code, size_t), with how many went in.
template <detail::has_pushing_side Q, class Token = detail::default_token>
auto async_push_some(Q& q, std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(detail::handlers_executor{}, q.ref(), items, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Token = detail::default_token>
auto async_push_some(const Executor& ex, Q& q, std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(ex, q.ref(), items, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and none was put in.
template <detail::has_pushing_side Q, class Rep, class Period, class Token = detail::default_token>
auto async_push_some_for(Q& q, std::chrono::duration<Rep, Period> timeout,
                         std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(detail::handlers_executor{}, q.ref(), items, detail::patience(timeout),
                                      std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Rep, class Period,
          class Token = detail::default_token>
auto async_push_some_for(const Executor& ex, Q& q, std::chrono::duration<Rep, Period> timeout,
                         std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(ex, q.ref(), items, detail::patience(timeout), std::forward<Token>(token));
}
template <detail::has_pushing_side Q, class Clock, class Duration, class Token = detail::default_token>
auto async_push_some_until(Q& q, std::chrono::time_point<Clock, Duration> moment,
                           std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(detail::handlers_executor{}, q.ref(), items, detail::patience(moment),
                                      std::forward<Token>(token));
}
template <detail::an_executor Executor, detail::has_pushing_side Q, class Clock, class Duration,
          class Token = detail::default_token>
auto async_push_some_until(const Executor& ex, Q& q, std::chrono::time_point<Clock, Duration> moment,
                           std::span<const typename Q::value_type> items, Token&& token = {}) {
    return detail::initiate_push_some(ex, q.ref(), items, detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
