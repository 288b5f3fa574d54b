// Whether /proc can be asked about other processes.
#pragma once

namespace crosswake::posix {

/// Whether /proc numbers processes as this process does. A process in a new PID namespace may still have its parent's
/// /proc, where a number that it knows leads to a stranger.
[[nodiscard]] bool proc_is_ours() noexcept;

} // namespace crosswake::posix
