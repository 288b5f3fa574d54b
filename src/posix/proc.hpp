// What /proc tells of processes.
#pragma once

#include <backend/process.hpp>

namespace crosswake::posix {

/// Whether /proc numbers processes as this process does. A process in a new PID namespace may still have its parent's
/// /proc, where a number that it knows leads to a stranger.
[[nodiscard]] bool proc_is_ours() noexcept;

/// Whether the process of that number, as this process counts, is seen to be the one meant, and no later one.
[[nodiscard]] bool has_its_number(backend::token_fields who) noexcept;

} // namespace crosswake::posix
