// Deadlines: every conversion of a time.
#include <crosswake/deadline.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

using namespace crosswake;
using namespace std::chrono_literals;

namespace {

constexpr auto most = std::numeric_limits<std::int64_t>::max();
constexpr auto least = std::numeric_limits<std::int64_t>::min();

std::int64_t now() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Duration>
std::int64_t at(Duration since_epoch) {
    return deadline::at(std::chrono::time_point<std::chrono::steady_clock, Duration>(since_epoch)).steady_ns();
}

/// A clock of another epoch and another unit.
struct other_clock {
    using duration = std::chrono::duration<std::int64_t, std::milli>;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<other_clock>;
    [[maybe_unused]] static constexpr bool is_steady = false;
    static time_point now() noexcept {
        return time_point(duration(1'000'000) +
                          std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
    }
};

} // namespace

TEST_CASE("a deadline that is not given is never") {
    CHECK(deadline().is_never());
    CHECK(deadline::never() == deadline());
    CHECK(deadline::at_ns(most).is_never());
    CHECK_FALSE(deadline::at_ns(most - 1).is_never());
}

TEST_CASE("a passed deadline lies before every other, and never after every other") {
    for (const std::int64_t ns : {least + 1, std::int64_t{-1}, std::int64_t{0}, now(), most - 1}) {
        CHECK(deadline::passed() < deadline::at_ns(ns));
        CHECK(deadline::at_ns(ns) < deadline::never());
        CHECK(deadline::at_ns(ns).steady_ns() == ns);
    }
    CHECK(deadline::at_ns(3) < deadline::at_ns(4));
}

TEST_CASE("a time point of the steady clock is taken to the nanosecond") {
    CHECK(at(0ns) == 0);
    CHECK(at(123456789ns) == 123456789);
    CHECK(at(-5ns) == -5);
    CHECK(at(7s) == 7'000'000'000);
    CHECK(at(std::chrono::hours(24 * 365 * 100)) == 3'153'600'000'000'000'000);
}

TEST_CASE("what is finer than a nanosecond is rounded up, never down") {
    using fs = std::chrono::duration<std::int64_t, std::femto>;
    using real = std::chrono::duration<double, std::nano>;
    CHECK(at(fs(1)) == 1);
    CHECK(at(fs(1'000'000)) == 1);
    CHECK(at(fs(1'000'001)) == 2);
    CHECK(at(fs(-1)) == 0);
    CHECK(at(real(0.5)) == 1);
    CHECK(at(real(2.0)) == 2);
    CHECK(at(real(2.0000001)) == 3);
    CHECK(at(real(-2.5)) == -2);
    using third = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
    CHECK(at(third(1)) == 333'333'334);
}

TEST_CASE("a timeout is counted from now, and not a nanosecond less") {
    for (const auto timeout : {0ns, 1ns, 1'000'000ns}) {
        const auto before = now();
        const auto d = deadline::after(timeout).steady_ns();
        CHECK(d >= before + timeout.count());
        CHECK(d <= now() + timeout.count());
    }
    const auto before = now();
    CHECK(deadline::after(std::chrono::duration<float, std::pico>(1.0f)).steady_ns() >= before + 1);
}

TEST_CASE("a timeout that is longer than the clock lasts is never") {
    CHECK(deadline::after(std::chrono::nanoseconds::max()).is_never());
    CHECK(deadline::after(std::chrono::hours::max()).is_never());
    CHECK(deadline::after(std::chrono::duration<std::int64_t, std::ratio<86'400 * 365>>::max()).is_never());
    CHECK(deadline::after(std::chrono::duration<double>(1e300)).is_never());
    CHECK(deadline::after(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_never());
    CHECK(deadline::after(std::chrono::nanoseconds(most - 1)).is_never());
}

TEST_CASE("a timeout that is no number is never, and cuts no wait short") {
    CHECK(deadline::after(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).is_never());
}

TEST_CASE("a timeout that is hugely negative has passed") {
    CHECK(deadline::after(std::chrono::nanoseconds::min()) < deadline::at_ns(0));
    CHECK(deadline::after(std::chrono::hours::min()).steady_ns() < 0);
    CHECK(deadline::after(std::chrono::duration<double>(-1e300)).steady_ns() < 0);
    const auto before = now();
    CHECK(deadline::after(-1h).steady_ns() < before);
}

TEST_CASE("the end of the steady clock is never, and its beginning has passed") {
    CHECK(deadline::at(std::chrono::steady_clock::time_point::max()).is_never());
    CHECK(deadline::at(std::chrono::steady_clock::time_point::min()) < deadline::at_ns(0));
}

TEST_CASE("a time point of another clock is as far from now as that clock says") {
    const auto before = now();
    const auto d = deadline::at(other_clock::now() + 5s).steady_ns();
    // That clock ticks in milliseconds: the tick that it is in may have begun up to one ago.
    CHECK(d >= before + 5'000'000'000 - 1'000'000);
    CHECK(d <= now() + 5'000'000'000);
    CHECK(deadline::at(other_clock::time_point::min() + other_clock::duration(2'000'000'000)) < deadline::at_ns(now()));
    CHECK(deadline::at(std::chrono::system_clock::now() - 1h).steady_ns() < now());
    CHECK(deadline::at(std::chrono::system_clock::now() + 1h).steady_ns() > now());
}

TEST_CASE("the end of another clock is never") {
    CHECK(deadline::at(other_clock::time_point::max()).is_never());
    CHECK(deadline::at(std::chrono::system_clock::time_point::max()).is_never());
}

TEST_CASE("the beginning of another clock has passed") {
    CHECK(deadline::at(other_clock::time_point::min()).steady_ns() < now());
    CHECK(deadline::at(std::chrono::system_clock::time_point::min()).steady_ns() < now());
}
