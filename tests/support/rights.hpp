// What a test may not do everywhere: become another user, number processes anew, mount a memory of its own.
#pragma once

namespace crosswake::test {

/// The exit code of a role that lacks a right.
inline constexpr int not_permitted_here = 77;

/// Whether the test may go on after a role that ended like this. That it may not is said, and where
/// CROSSWAKE_TESTS_INSIST is set it is a failure: a machine that has the rights is to use them.
bool permitted(int exit_code);

} // namespace crosswake::test
