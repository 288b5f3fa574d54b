// How soon whoever is left goes on, as is promised. That a machine with too much to do is late is no failure: who is
// sure of his machine has it fail with CROSSWAKE_TEST_INSIST_ON_BOUNDS=1.
#pragma once

#include <support/seed.hpp>

#include <chrono>

namespace crosswake::test {

/// After the kill, or after having come for it later, with the re-check at the library's own default. (On Windows
/// nothing tells of a death but that of an owner that was seen: there the next owner may take as long as all others.)
inline constexpr std::chrono::milliseconds bound_of_a_locks_next_owner{100};
inline constexpr std::chrono::milliseconds bound_of_everybody_else{1000};

inline bool being_late_fails() {
    return knob("CROSSWAKE_TEST_INSIST_ON_BOUNDS", 0) != 0;
}

} // namespace crosswake::test
