// The library's few numbers that a user or a test may set.
#pragma once

#include <cstdint>

namespace crosswake::core {

/// How often a sleeper looks up although nobody rang.
[[nodiscard]] std::int64_t recheck_ns() noexcept;

/// How long a blocking wait may look before it sleeps.
[[nodiscard]] std::int64_t spin_limit_ns() noexcept;

/// How often one that waits for an owner looks whether that owner lives: twenty times in each re-check interval.
[[nodiscard]] std::int64_t owner_check_ns() noexcept;
/// For tests, whose re-check is an hour away. 0: as usual.
void set_owner_check_ns(std::int64_t ns) noexcept;

} // namespace crosswake::core
