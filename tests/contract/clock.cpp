// CONTRACT clock.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <backend/clock.hpp>
#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

std::int64_t standard_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

using moment = std::atomic<std::int64_t>;

} // namespace

CROSSWAKE_ROLE(look_at_the_clock) {
    named<moment> seen{open_only, args[0]};
    seen->store(backend::steady_ns());
    return 0;
}

TEST_CASE("the clock is that of std::chrono::steady_clock") {
    for (int i = 0; i < 1000; ++i) {
        const auto before = standard_ns();
        const auto now = backend::steady_ns();
        const auto after = standard_ns();
        CHECK(before <= now);
        CHECK(now <= after);
    }
}

TEST_CASE("the clock never goes backwards, and does go on") {
    const auto begin = backend::steady_ns();
    auto last = begin;
    bool backwards = false;
    while (last < begin + 5'000'000) {
        const auto now = backend::steady_ns();
        backwards = backwards || now < last;
        last = now;
    }
    CHECK_FALSE(backwards);
}

TEST_CASE("every process has the same clock") {
    const auto name = fresh_name();
    named<moment> seen{create_only, name};
    const auto before = backend::steady_ns();
    child c{"look_at_the_clock", {name}};
    CHECK(c.wait() == 0);
    CHECK(before < seen->load());
    CHECK(seen->load() < backend::steady_ns());
}
