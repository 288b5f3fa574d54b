// The clock is std::chrono::steady_clock itself: the performance counter, which all processes share.
#include <backend/clock.hpp>

#include <chrono>

namespace crosswake::backend {

std::int64_t steady_ns() noexcept {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace crosswake::backend
