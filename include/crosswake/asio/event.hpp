// event, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/event.hpp>

namespace crosswake {

namespace detail {

template <>
struct completion<event::wait_operation> {
    using signature = void(boost::system::error_code);
    static errc error(const event::wait_operation&) noexcept { return {}; }
    static std::tuple<> values(event::wait_operation&, bool) noexcept { return {}; }
    static void give_back(event::wait_operation& op) noexcept { op.undo(); }
};

template <class Executor, class Token>
auto initiate_wait(const Executor& ex, event& e, patience p, Token&& token) {
    return initiate<event::wait_operation>(
        ex, [&e] { return event::wait_operation(e); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Waits until it is set; an automatic event is then no longer set. Signature: void(error_code).
template <class Token = detail::default_token>
auto async_wait(event& e, Token&& token = {}) {
    return detail::initiate_wait(detail::handlers_executor{}, e, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class Token = detail::default_token>
auto async_wait(const Executor& ex, event& e, Token&& token = {}) {
    return detail::initiate_wait(ex, e, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class Rep, class Period, class Token = detail::default_token>
auto async_wait_for(event& e, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_wait(detail::handlers_executor{}, e, detail::patience(timeout), std::forward<Token>(token));
}
template <detail::an_executor Executor, class Rep, class Period, class Token = detail::default_token>
auto async_wait_for(const Executor& ex, event& e, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_wait(ex, e, detail::patience(timeout), std::forward<Token>(token));
}
template <class Clock, class Duration, class Token = detail::default_token>
auto async_wait_until(event& e, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_wait(detail::handlers_executor{}, e, detail::patience(moment), std::forward<Token>(token));
}
template <detail::an_executor Executor, class Clock, class Duration, class Token = detail::default_token>
auto async_wait_until(const Executor& ex, event& e, std::chrono::time_point<Clock, Duration> moment,
                      Token&& token = {}) {
    return detail::initiate_wait(ex, e, detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
