// The smallest event loop that can drive a reactor: it watches the handles, and calls dispatch().
#pragma once

#include <crosswake/reactor.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace crosswake::test {

class poll_loop {
public:
    explicit poll_loop(reactor& r) noexcept : reactor_(&r) {}
    poll_loop(const poll_loop&) = delete;
    poll_loop& operator=(const poll_loop&) = delete;

    /// Sleeps until a handle is readable or the reactor's next deadline has come, then dispatches.
    void run_once();
    template <class Done>
    void run_until(Done done) {
        while (!done())
            run_once();
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

/// Waits for an operation in one of the two ways there are: blocked, or in a reactor.
class waiter {
public:
    /// "blocks" or "awaits".
    explicit waiter(const std::string& way);
    ~waiter();

    wait_result wait(operation& op, deadline until = deadline::never());

private:
    struct loop;
    std::unique_ptr<loop> loop_;
};

inline constexpr const char* both_ways[] = {"blocks", "awaits"};

} // namespace crosswake::test
