// An event that processes share: it is set or it is not, and waiting is for it to be set.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <chrono>
#include <cstdint>

namespace crosswake {

enum class reset_mode : std::uint32_t {
    automatic, // one waiter gets it, and takes it away by that
    manual,    // it stays set, and every waiter passes, until reset()
};

/// Names and meanings are those of Win32's and .NET's events.
///
/// Put it in shared memory with named<event>, or inside a struct of yours in named<that struct>. It has no owner, and
/// nothing is lost by a kill except what the dead had taken: a process that dies after an automatic event let it
/// through has used that event up.
///
/// Thread-safe in all functions. set() synchronises with the wait that it lets through.
class event {
public:
    explicit event(reset_mode mode = reset_mode::automatic, bool initially_set = false) noexcept
        : mode_(static_cast<std::uint32_t>(mode)) {
        set_.store(initially_set ? 1 : 0);
    }

    /// Sets it. A manual event wakes everyone; an automatic one wakes one, and setting it again before anybody passed
    /// is the same as setting it once.
    void set() noexcept {
        set_.store(1);
        if (mode() == reset_mode::manual)
            detail::wake_all(sleepers_);
        else
            detail::wake_one(sleepers_);
    }
    void reset() noexcept { set_.store(0); }
    [[nodiscard]] bool is_set() const noexcept { return set_.load() != 0; }
    [[nodiscard]] reset_mode mode() const noexcept {
        return mode_ == static_cast<std::uint32_t>(reset_mode::manual) ? reset_mode::manual : reset_mode::automatic;
    }

    /// Waits until it is set; an automatic event is then no longer set.
    void wait() { (void)wait_until(deadline::never()); }
    /// Passes if it is set; never waits.
    [[nodiscard]] bool try_wait() noexcept {
        if (mode() == reset_mode::manual)
            return is_set();
        // Looking first keeps the line shared while many processes look at an event that is not set.
        return is_set() && set_.exchange(0) != 0;
    }
    /// false: the time is over and nothing was taken. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(const std::chrono::duration<Rep, Period>& timeout) {
        return try_wait() || wait_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool wait_until(const std::chrono::time_point<Clock, Duration>& moment) {
        return try_wait() || wait_until(deadline::at(moment));
    }

    class wait_operation final : public operation {
    public:
        explicit wait_operation(event& e) noexcept : operation(e.sleepers_), event_(&e) {}
        attempt try_once() noexcept override { return event_->try_wait() ? attempt::done : attempt::wait; }
        [[nodiscard]] bool ready() const noexcept override { return event_->is_set(); }
        /// Gives back what try_once() took, for somebody else.
        void undo() noexcept {
            if (event_->mode() == reset_mode::automatic)
                event_->set();
        }

    private:
        event* event_;
    };

    static detail::shape describe(reset_mode mode = reset_mode::automatic, bool = false) noexcept {
        return {.kind = "event", .parameters = {{"reset mode", static_cast<std::uint64_t>(mode)}}};
    }

private:
    bool wait_until(deadline until) {
        wait_operation op{*this};
        return crosswake::wait(op, until);
    }

    alignas(8) detail::atomic<std::uint32_t> set_{0};
    std::uint32_t mode_;
    detail::wait_word sleepers_;
};
static_assert(sizeof(event) == 32);

} // namespace crosswake
