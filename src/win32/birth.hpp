// When a process began, which tells it from others that have had its number.
#pragma once

#include <win32/windows.hpp>

#include <cstdint>

namespace crosswake::win32 {

/// Milliseconds, the lower bits as in an owner's token: a process does not begin and end, and give its number away,
/// within one. 0 if the system does not say.
[[nodiscard]] std::uint32_t birth_of(HANDLE process) noexcept;

} // namespace crosswake::win32
