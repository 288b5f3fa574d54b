// A moment after which a wait gives up: an absolute time on std::chrono::steady_clock, in nanoseconds.
//
// Everything that converts a time is in this file. Conversions round up and saturate, so a wait is never cut short: a
// timeout of 0.5 ns is 1 ns, a timeout longer than the clock lasts is `never`. A deadline in the past is legal; an
// operation that is given one still tries once. steady_clock does not follow the wall clock, so neither does a
// deadline: a time point of another clock is converted when the call is made, and what happens to that clock later is
// ignored.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace crosswake {

class deadline {
public:
    /// `never`: the wait does not give up.
    constexpr deadline() noexcept = default;
    [[nodiscard]] static constexpr deadline never() noexcept { return {}; }

    /// The past: the operation tries once and does not wait.
    [[nodiscard]] static constexpr deadline passed() noexcept {
        return at_ns((std::numeric_limits<std::int64_t>::min)());
    }

    [[nodiscard]] static constexpr deadline at_ns(std::int64_t steady_ns) noexcept {
        deadline d;
        d.steady_ns_ = steady_ns;
        return d;
    }

    template <class Rep, class Period>
    [[nodiscard]] static deadline after(const std::chrono::duration<Rep, Period>& timeout) noexcept {
        return at_ns(saturating_add(now_ns(), whole_ns(timeout)));
    }

    template <class Clock, class Duration>
    [[nodiscard]] static deadline at(const std::chrono::time_point<Clock, Duration>& moment) noexcept {
        if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>)
            return at_ns(whole_ns(moment.time_since_epoch()));
        else
            return at_distance(whole_ns(moment.time_since_epoch()), whole_ns(-Clock::now().time_since_epoch()));
    }

    /// A timeout as nanoseconds, to be kept until it begins to count.
    template <class Rep, class Period>
    [[nodiscard]] static constexpr std::chrono::nanoseconds
    whole(const std::chrono::duration<Rep, Period>& timeout) noexcept {
        return std::chrono::nanoseconds(whole_ns(timeout));
    }

    [[nodiscard]] constexpr std::int64_t steady_ns() const noexcept { return steady_ns_; }
    [[nodiscard]] constexpr bool is_never() const noexcept {
        return steady_ns_ == (std::numeric_limits<std::int64_t>::max)();
    }

    friend constexpr auto operator<=>(const deadline&, const deadline&) noexcept = default;

private:
    static std::int64_t now_ns() noexcept {
        return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    // Not as `moment - now`: that overflows for the ends of a clock, of which users make "for ever" and "not at all".
    static deadline at_distance(std::int64_t moment, std::int64_t minus_now) noexcept {
        if (moment == (std::numeric_limits<std::int64_t>::max)() ||
            moment == (std::numeric_limits<std::int64_t>::min)())
            return at_ns(moment);
        return at_ns(saturating_add(now_ns(), saturating_add(moment, minus_now)));
    }

    static constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
        constexpr auto most = (std::numeric_limits<std::int64_t>::max)();
        constexpr auto least = (std::numeric_limits<std::int64_t>::min)();
        if (b > 0 && a > most - b)
            return most;
        if (b < 0 && a < least - b)
            return least;
        return a + b;
    }

    // Compared as long double first: converting a huge duration to nanoseconds would overflow before it could be
    // compared. The bounds lie a little inside the range, where the rounding of long double cannot carry it out.
    template <class Rep, class Period>
    static constexpr std::int64_t whole_ns(const std::chrono::duration<Rep, Period>& d) noexcept {
        const auto ns = std::chrono::duration<long double, std::nano>(d).count();
        if (!(ns < 9.2e18L))
            return (std::numeric_limits<std::int64_t>::max)();
        if (ns < -9.2e18L)
            return (std::numeric_limits<std::int64_t>::min)();
        return std::chrono::ceil<std::chrono::nanoseconds>(d).count();
    }

    std::int64_t steady_ns_ = (std::numeric_limits<std::int64_t>::max)();
};

} // namespace crosswake
