// Names that no other test run uses. Everything made under them has to be gone when the test program ends.
#pragma once

#include <string>

namespace crosswake::test {

/// In a test, not in a role: children get names as arguments.
std::string fresh_name(const std::string& hint = "object");
/// What all fresh names of this program have in common.
const std::string& name_stem();

} // namespace crosswake::test
