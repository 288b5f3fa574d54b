// The smallest event loop that can drive a reactor: it watches the handles, and calls dispatch().
#pragma once

#include <crosswake/reactor.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <memory>
#include <string>
#include <system_error>

namespace crosswake::test {

class poll_loop {
public:
    explicit poll_loop(reactor& r) noexcept : reactor_(&r) {}
    poll_loop(const poll_loop&) = delete;
    poll_loop& operator=(const poll_loop&) = delete;

    /// Sleeps until a handle is readable, or the reactor's next deadline has come, or that moment; then dispatches.
    void run_once(deadline at_the_latest = deadline::never());
    /// Runs until it is so; false: it was not by that moment.
    template <class Done>
    bool run_until(Done done, deadline at_the_latest = deadline::never()) {
        while (!done()) {
            if (at_the_latest <= deadline::after(std::chrono::nanoseconds(0)))
                return false;
            run_once(at_the_latest);
        }
        return true;
    }
    /// Whether a handle is readable now.
    [[nodiscard]] bool is_ringing() const;

    /// Waits for the operation in the reactor, and runs the loop until it is over.
    wait_result await(operation& op, deadline until = deadline::never());

private:
    reactor* reactor_;
};

/// A wait that remembers how it ended; in whatever thread it does, which is another one's cancel() at times.
class remembered final : public pending {
public:
    explicit remembered(deadline until = deadline::never()) noexcept : pending(until) {}

    void completed(wait_result r) noexcept override {
        result = r;
        ++times;
    }
    [[nodiscard]] bool is_over() const noexcept { return times != 0; }

    wait_result result{};
    std::atomic<int> times{0};
};

/// A wait that has begun, in a reactor that has to outlive it: begun_wait<semaphore::acquire_operation> w{r, *s};
template <std::derived_from<operation> Operation>
class begun_wait {
public:
    template <class Object>
    begun_wait(reactor& r, Object& object) : reactor_(&r), op_(object) {
        std::error_code error;
        is_waiting_ = r.start(wait_, op_, error) == start_result::waiting;
    }
    begun_wait(const begun_wait&) = delete;
    begun_wait& operator=(const begun_wait&) = delete;
    ~begun_wait() { cancel(); }

    /// false: there was nothing to wait for, or no way to.
    [[nodiscard]] bool is_waiting() const noexcept { return is_waiting_; }
    [[nodiscard]] bool is_over() const noexcept { return wait_.is_over(); }
    bool cancel() noexcept { return reactor_->cancel(wait_); }
    wait_result until_over() {
        poll_loop{*reactor_}.run_until([this] { return is_over(); });
        return wait_.result;
    }

private:
    reactor* reactor_;
    Operation op_;
    remembered wait_;
    bool is_waiting_ = false;
};

/// Waits for an operation in one of the two ways there are: blocked, or in a reactor.
class waiter {
public:
    /// "blocks" or "awaits".
    explicit waiter(const std::string& way);
    ~waiter();

    wait_result wait(operation& op, deadline until = deadline::never());
    [[nodiscard]] bool awaits() const noexcept { return loop_ != nullptr; }

private:
    struct loop;
    std::unique_ptr<loop> loop_;
};

inline constexpr const char* both_ways[] = {"blocks", "awaits"};

} // namespace crosswake::test
