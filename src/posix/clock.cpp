// The monotonic clock: the one that std::chrono::steady_clock and the kernel's timeouts use too.
#include <backend/clock.hpp>

#include <ctime>

namespace crosswake::backend {

std::int64_t steady_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace crosswake::backend
