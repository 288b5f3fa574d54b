// message_queue, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/message_queue.hpp>

#include <cstddef>

namespace crosswake {

namespace detail {

template <>
struct completion<reserve_operation> {
    using signature = void(boost::system::error_code, reservation);
    static errc error(const reserve_operation& op) noexcept { return op.error; }
    static std::tuple<reservation> values(reserve_operation& op, bool ok) noexcept {
        return ok ? op.reservation() : reservation();
    }
    static void give_back(reserve_operation& op) noexcept { op.reservation().abort(); }
    static constexpr bool refers_to_object = true;
};

template <>
struct completion<receive_operation> {
    using signature = void(boost::system::error_code, message);
    static errc error(const receive_operation& op) noexcept { return op.error; }
    static std::tuple<message> values(receive_operation& op, bool ok) noexcept { return ok ? op.message() : message(); }
    static void give_back(receive_operation& op) noexcept { op.message().put_back(); }
    static constexpr bool refers_to_object = true;
};

template <class Executor, class Token>
auto initiate_reserve(const Executor& ex, message_ring q, std::size_t bytes, patience p, Token&& token) {
    return initiate<reserve_operation>(
        ex, [q, bytes] { return reserve_operation(q, bytes); }, p, std::forward<Token>(token));
}

template <class Executor, class Token>
auto initiate_receive(const Executor& ex, message_ring q, patience p, Token&& token) {
    return initiate<receive_operation>(
        ex, [q] { return receive_operation(q); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Room for one message, waiting for it; errc::closed: nothing goes in any more; errc::too_large: it never fits. In one
/// context, who began to wait first is served first, whatever he wants. A reservation whose handler is destroyed
/// uncalled is aborted. Signature: void(error_code, reservation).
template <class Token = detail::default_token>
auto async_reserve(message_queue& q, std::size_t bytes, Token&& token = {}) {
    return detail::initiate_reserve(detail::handlers_executor{}, q.ring(), bytes, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class Token = detail::default_token>
auto async_reserve(const Executor& ex, message_queue& q, std::size_t bytes, Token&& token = {}) {
    return detail::initiate_reserve(ex, q.ring(), bytes, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was reserved.
template <class Rep, class Period, class Token = detail::default_token>
auto async_reserve_for(message_queue& q, std::chrono::duration<Rep, Period> timeout, std::size_t bytes,
                       Token&& token = {}) {
    return detail::initiate_reserve(detail::handlers_executor{}, q.ring(), bytes, detail::patience(timeout),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Rep, class Period, class Token = detail::default_token>
auto async_reserve_for(const Executor& ex, message_queue& q, std::chrono::duration<Rep, Period> timeout,
                       std::size_t bytes, Token&& token = {}) {
    return detail::initiate_reserve(ex, q.ring(), bytes, detail::patience(timeout), std::forward<Token>(token));
}
template <class Clock, class Duration, class Token = detail::default_token>
auto async_reserve_until(message_queue& q, std::chrono::time_point<Clock, Duration> moment, std::size_t bytes,
                         Token&& token = {}) {
    return detail::initiate_reserve(detail::handlers_executor{}, q.ring(), bytes, detail::patience(moment),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Clock, class Duration, class Token = detail::default_token>
auto async_reserve_until(const Executor& ex, message_queue& q, std::chrono::time_point<Clock, Duration> moment,
                         std::size_t bytes, Token&& token = {}) {
    return detail::initiate_reserve(ex, q.ring(), bytes, detail::patience(moment), std::forward<Token>(token));
}

/// The next message, waiting for one; errc::closed: closed, and nothing can come any more. A message whose handler is
/// destroyed uncalled is put back. Signature: void(error_code, message).
template <class Token = detail::default_token>
auto async_receive(message_queue& q, Token&& token = {}) {
    return detail::initiate_receive(detail::handlers_executor{}, q.ring(), {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class Token = detail::default_token>
auto async_receive(const Executor& ex, message_queue& q, Token&& token = {}) {
    return detail::initiate_receive(ex, q.ring(), {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class Rep, class Period, class Token = detail::default_token>
auto async_receive_for(message_queue& q, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_receive(detail::handlers_executor{}, q.ring(), detail::patience(timeout),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Rep, class Period, class Token = detail::default_token>
auto async_receive_for(const Executor& ex, message_queue& q, std::chrono::duration<Rep, Period> timeout,
                       Token&& token = {}) {
    return detail::initiate_receive(ex, q.ring(), detail::patience(timeout), std::forward<Token>(token));
}
template <class Clock, class Duration, class Token = detail::default_token>
auto async_receive_until(message_queue& q, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_receive(detail::handlers_executor{}, q.ring(), detail::patience(moment),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Clock, class Duration, class Token = detail::default_token>
auto async_receive_until(const Executor& ex, message_queue& q, std::chrono::time_point<Clock, Duration> moment,
                         Token&& token = {}) {
    return detail::initiate_receive(ex, q.ring(), detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
