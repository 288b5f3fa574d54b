// Deadlines as the system's waits take them.
#pragma once

#include <crosswake/deadline.hpp>
#include <win32/windows.hpp>

#include <algorithm>
#include <cstdint>

namespace crosswake::win32 {

/// Whole milliseconds, rounded up: the system's timeouts are no finer. Whoever waits longer than a day looks up daily.
[[nodiscard]] inline DWORD milliseconds_until(deadline until, std::int64_t now) noexcept {
    constexpr std::int64_t ns_per_ms = 1'000'000;
    constexpr std::int64_t one_day = 86'400'000;
    if (until.is_never())
        return INFINITE;
    const auto whole = until.steady_ns() / ns_per_ms - now / ns_per_ms + 1;
    return static_cast<DWORD>(std::clamp<std::int64_t>(whole, 1, one_day));
}

} // namespace crosswake::win32
