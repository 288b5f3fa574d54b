// What an event loop can watch: a file descriptor, or a HANDLE as an integer, without the system's headers.
#pragma once

#include <cstdint>

namespace crosswake {

enum class native_handle : std::intptr_t { none = -1 };

} // namespace crosswake
