// mutex, awaited on Boost.Asio. What all asynchronous functions have in common is said in <crosswake/asio.hpp>.
#pragma once

#include <crosswake/asio/initiate.hpp>
#include <crosswake/mutex.hpp>

namespace crosswake {

namespace detail {

template <>
struct completion<mutex::lock_operation> {
    using signature = void(boost::system::error_code, unique_lock);
    static errc error(const mutex::lock_operation&) noexcept { return {}; }
    static std::tuple<unique_lock> values(mutex::lock_operation& op, bool ok) noexcept {
        return ok ? op.guard() : unique_lock();
    }
    static void give_back(mutex::lock_operation& op) noexcept { (void)op.guard(); } // unlocks
    static constexpr bool refers_to_object = true;                                  // the guard does
};

template <class Executor, class Token>
auto initiate_lock(const Executor& ex, mutex& m, patience p, Token&& token) {
    return initiate<mutex::lock_operation>(
        ex, [&m] { return mutex::lock_operation(m); }, p, std::forward<Token>(token));
}

} // namespace detail

/// Locks, waiting for it, and delivers an owning guard that tells how the lock was got; with an error, one that owns
/// nothing. A granted lock whose handler is destroyed uncalled is unlocked. Signature: void(error_code, unique_lock).
template <class Token = detail::default_token>
auto async_lock(mutex& m, Token&& token = {}) {
    return detail::initiate_lock(detail::handlers_executor{}, m, {}, std::forward<Token>(token));
}
template <detail::an_executor Executor, class Token = detail::default_token>
auto async_lock(const Executor& ex, mutex& m, Token&& token = {}) {
    return detail::initiate_lock(ex, m, {}, std::forward<Token>(token));
}

/// The same within a time; errc::timed_out: it is over and nothing was taken.
template <class Rep, class Period, class Token = detail::default_token>
auto async_lock_for(mutex& m, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_lock(detail::handlers_executor{}, m, detail::patience(timeout), std::forward<Token>(token));
}
template <detail::an_executor Executor, class Rep, class Period, class Token = detail::default_token>
auto async_lock_for(const Executor& ex, mutex& m, std::chrono::duration<Rep, Period> timeout, Token&& token = {}) {
    return detail::initiate_lock(ex, m, detail::patience(timeout), std::forward<Token>(token));
}
template <class Clock, class Duration, class Token = detail::default_token>
auto async_lock_until(mutex& m, std::chrono::time_point<Clock, Duration> moment, Token&& token = {}) {
    return detail::initiate_lock(detail::handlers_executor{}, m, detail::patience(moment), std::forward<Token>(token));
}
template <detail::an_executor Executor, class Clock, class Duration, class Token = detail::default_token>
auto async_lock_until(const Executor& ex, mutex& m, std::chrono::time_point<Clock, Duration> moment,
                      Token&& token = {}) {
    return detail::initiate_lock(ex, m, detail::patience(moment), std::forward<Token>(token));
}

} // namespace crosswake
