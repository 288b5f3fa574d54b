// CONTRACT clock: the one clock that deadlines are in.
#pragma once

#include <cstdint>

namespace crosswake::backend {

/// Nanoseconds on the clock of std::chrono::steady_clock: the same clock in every process, never set, never backwards.
[[nodiscard]] std::int64_t steady_ns() noexcept;

} // namespace crosswake::backend
