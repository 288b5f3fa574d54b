#include <support/rights.hpp>

#include <doctest/doctest.h>

#include <cstdlib>

namespace crosswake::test {

bool permitted(int exit_code) {
    if (exit_code != not_permitted_here)
        return true;
    if (std::getenv("CROSSWAKE_TESTS_INSIST") != nullptr)
        FAIL_CHECK("not permitted here");
    else
        MESSAGE("not permitted here");
    return false;
}

} // namespace crosswake::test
