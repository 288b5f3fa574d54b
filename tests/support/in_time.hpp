// Waits that notice when they were too long.
#pragma once

#include <support/poll_loop.hpp>

#include <chrono>
#include <stdexcept>

namespace crosswake::test {

/// Nobody who lives waits that long: whoever is not through by then is stuck.
inline constexpr std::chrono::seconds stuck_after{30};

/// What wait_for(stuck_after) gets, or nothing if that was too late: success at the deadline is none. A wait tries once
/// more there, and may get what nobody woke it for.
template <class WaitFor>
auto in_time(WaitFor&& wait_for) -> decltype(wait_for(stuck_after)) {
    const auto given_up = deadline::after(stuck_after);
    auto got = wait_for(stuck_after);
    if (given_up <= deadline::after(std::chrono::nanoseconds(0)))
        return {};
    return got;
}

/// Waits, and complains if it was not in time.
inline void wait(waiter& w, operation& op) {
    if (!in_time([&](auto limit) { return w.wait(op, deadline::after(limit)) == wait_result::done; }))
        throw std::runtime_error("stuck");
}

/// Runs the loop until it is so; false: nothing brings it there.
template <class Done>
[[nodiscard]] bool runs_until(poll_loop& loop, Done done) {
    return in_time([&](auto limit) { return loop.run_until(done, deadline::after(limit)); });
}

} // namespace crosswake::test
