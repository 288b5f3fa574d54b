// How much memory this process uses.
#pragma once

#include <cstddef>

namespace crosswake::test {

/// Bytes of its own, not shared with a file or another process.
std::size_t private_memory();

} // namespace crosswake::test
