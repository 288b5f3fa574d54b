// A counting semaphore that processes share.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace crosswake {

/// Names and meanings are the standard's for its counting semaphore, with a maximum that is checked in every build.
///
/// Put it in shared memory with named<semaphore>, or inside a struct of yours in named<that struct>. It has no owner: a
/// process that is killed keeps the permits that it acquired.
///
/// Thread-safe in all functions. release() synchronises with the acquire that takes the permit.
class semaphore {
public:
    static constexpr std::int64_t max = (std::numeric_limits<std::int64_t>::max)();

    /// Throws errc::invalid_argument unless 0 <= initial <= maximum and 0 < maximum.
    explicit semaphore(std::int64_t initial = 0, std::int64_t maximum = max) : maximum_(maximum) {
        if (maximum <= 0 || initial < 0 || initial > maximum)
            detail::raise(errc::invalid_argument,
                          "a semaphore's initial count is from 0 to its maximum, which is 1 or more");
        permits_.store(initial);
    }

    /// Adds `count` permits and wakes as many sleepers, or all of them if that is many. Throws
    /// errc::too_many_permits if that would pass the maximum, errc::invalid_argument if count < 0, errc::corrupted if
    /// there is a count that cannot be; it is then as it was.
    void release(std::int64_t count = 1) {
        if (count < 0)
            detail::raise_about(this, errc::invalid_argument, "semaphore::release of less than nothing");
        const auto most = maximum_;
        auto now = permits_.load();
        do {
            if (now < 0 || now > most) // the bytes are anybody's: no overflow here
                detail::raise_about(this, errc::corrupted, "semaphore::release");
            if (count > most - now)
                detail::raise_about(this, errc::too_many_permits, "semaphore::release");
        } while (!permits_.compare_exchange_weak(now, now + count));
        // One by one only while they are few: a reactor that is stopped, or a hostile bit, can be woken without end.
        if (count > most_woken_one_by_one)
            detail::wake_all(sleepers_);
        else
            while (count-- > 0 && detail::wake_one(sleepers_)) {
            }
    }

    /// Takes a permit, waiting for one.
    void acquire() { acquire_until(deadline::never()); }
    /// Takes a permit if there is one; never waits.
    [[nodiscard]] bool try_acquire() noexcept {
        auto now = permits_.load();
        while (now > 0)
            if (permits_.compare_exchange_weak(now, now - 1))
                return true;
        return false;
    }
    /// false: the time is over and nothing was taken. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] bool try_acquire_for(const std::chrono::duration<Rep, Period>& timeout) {
        return try_acquire() || acquire_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& moment) {
        return try_acquire() || acquire_until(deadline::at(moment));
    }

    /// How many permits there were a moment ago.
    [[nodiscard]] std::int64_t available() const noexcept { return permits_.load(); }
    [[nodiscard]] std::int64_t maximum() const noexcept { return maximum_; }

    class acquire_operation final : public operation {
    public:
        explicit acquire_operation(semaphore& s) noexcept : operation(s.sleepers_), semaphore_(&s) {}
        attempt try_once() noexcept override { return semaphore_->try_acquire() ? attempt::done : attempt::wait; }
        [[nodiscard]] bool ready() const noexcept override { return semaphore_->available() > 0; }
        /// Gives the permit back that try_once() took, for somebody else.
        void undo() noexcept {
            // What others have released meanwhile may have filled it: the maximum holds, as for any release.
            auto now = semaphore_->permits_.load();
            while (now < semaphore_->maximum_)
                if (semaphore_->permits_.compare_exchange_weak(now, now + 1)) {
                    detail::wake_one(semaphore_->sleepers_);
                    return;
                }
        }

    private:
        semaphore* semaphore_;
    };

    static detail::shape describe(std::int64_t = 0, std::int64_t maximum = max) {
        return {.kind = "semaphore", .parameters = {{"maximum", static_cast<std::uint64_t>(maximum)}}};
    }

private:
    static constexpr std::int64_t most_woken_one_by_one = 64;

    bool acquire_until(deadline until) {
        acquire_operation op{*this};
        return wait(op, until);
    }

    alignas(8) detail::atomic<std::int64_t> permits_{0};
    std::int64_t maximum_;
    detail::wait_word sleepers_;
};
static_assert(sizeof(semaphore) == 40);

} // namespace crosswake
