// semaphore, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/semaphore.hpp>

namespace crosswake {

namespace detail {

template <>
struct completion<semaphore::acquire_operation> {
    using signature = void(boost::system::error_code);
    static errc error(const semaphore::acquire_operation&) noexcept { return {}; }
    static std::tuple<> values(semaphore::acquire_operation&, bool) noexcept { return {}; }
    static void give_back(semaphore::acquire_operation& op) noexcept { op.undo(); }
};

template <class Executor, class Token>
auto initiate_acquire(const Executor& ex, semaphore& s, patience p, Token&& token) {
    return initiate<semaphore::acquire_operation>(
        ex, [&s] { return semaphore::acquire_operation(s); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Takes a permit, waiting for one. Signature: void(error_code).
template <class Token = detail::default_token>
auto async_acquire(semaphore& s, Token&& token = {}) {
    return detail::initiate_acquire(detail::handlers_executor{}, s, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class Token = detail::default_token>
auto async_acquire(const Executor& ex, semaphore& s, Token&& token = {}) {
    return detail::initiate_acquire(ex, s, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class Rep, class Period, class Token = detail::default_token>
auto async_acquire_for(semaphore& s, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_acquire(detail::handlers_executor{}, s, detail::patience(timeout),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Rep, class Period, class Token = detail::default_token>
auto async_acquire_for(const Executor& ex, semaphore& s, std::chrono::duration<Rep, Period> timeout,
                       Token&& token = {}) {
    return detail::initiate_acquire(ex, s, detail::patience(timeout), std::forward<Token>(token));
}
template <class Clock, class Duration, class Token = detail::default_token>
auto async_acquire_until(semaphore& s, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_acquire(detail::handlers_executor{}, s, detail::patience(moment),
                                    std::forward<Token>(token));
}
template <detail::an_executor Executor, class Clock, class Duration, class Token = detail::default_token>
auto async_acquire_until(const Executor& ex, semaphore& s, std::chrono::time_point<Clock, Duration> moment,
                         Token&& token = {}) {
    return detail::initiate_acquire(ex, s, detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
