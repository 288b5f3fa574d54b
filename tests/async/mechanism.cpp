// How awaiting processes reach each other when nobody forces it: through the bell, where that can be had.
#include <async/play.hpp>

#include <support/child.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/reactor.hpp>

#include <doctest/doctest.h>

#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;

CROSSWAKE_ROLE(make_a_reactor_of_a_mistyped_kind) {
    set_environment("CROSSWAKE_BELL", "pype");
    try {
        reactor r;
    } catch (const std::system_error& e) {
        const bool is_named = std::string(e.what()).find("CROSSWAKE_BELL") != std::string::npos;
        return e.code() == std::errc::invalid_argument && is_named ? 0 : 1;
    }
    return 2;
}

TEST_CASE("processes of one user ring each other's bells") {
    const auto r = play("play", "itself", "itself");
    CHECK(r.asker == used_direct);
    CHECK(r.answerer == used_direct);
}

TEST_CASE("a mistyped mechanism is refused") {
    CHECK(child{"make_a_reactor_of_a_mistyped_kind"}.wait() == 0);
}
