// When a blocking wait looks on, and when it does not.
#include <core/spin.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using crosswake::core::spin_policy;

namespace {

constexpr std::int64_t limit_ns = 20'000;

/// How many of `n` waits look on, if looking never pays.
int looks_in_vain(spin_policy& p, int n) {
    int looks = 0;
    while (n-- > 0)
        if (p.budget_ns(limit_ns) > 0) {
            ++looks;
            p.it_did_not_pay();
        }
    return looks;
}

} // namespace

TEST_CASE("a wait looks on each time while that pays") {
    spin_policy p;
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(p.budget_ns(limit_ns) > 0);
        p.it_paid();
    }
}

TEST_CASE("looking that does not pay is left out more and more often, and never given up") {
    spin_policy p;
    const int at_first = looks_in_vain(p, 64);
    CHECK(at_first >= 2);
    CHECK(at_first <= 8);
    CHECK(looks_in_vain(p, 6400) == 100);
}

TEST_CASE("a wait looks on each time again as soon as that has paid once") {
    spin_policy p;
    (void)looks_in_vain(p, 10'000);
    int left_out = 0;
    while (p.budget_ns(limit_ns) == 0)
        ++left_out;
    CHECK(left_out < 64);
    p.it_paid();
    CHECK(p.budget_ns(limit_ns) > 0);
    p.it_did_not_pay(); // once in a while is no reason to stop
    CHECK(p.budget_ns(limit_ns) == 0);
    CHECK(p.budget_ns(limit_ns) > 0);
}

TEST_CASE("a wait looks no longer than the shortest sleep took, nor than the limit") {
    spin_policy p;
    CHECK(p.budget_ns(1'234) == 1'234);
    p.slept(4'000);
    CHECK(p.budget_ns(limit_ns) == 4'000);
    p.slept(3'000'000);
    CHECK(p.budget_ns(limit_ns) < 4'100);
    for (int i = 0; i < 1000; ++i)
        p.slept(3'000'000); // the machine has changed
    CHECK(p.budget_ns(limit_ns) == limit_ns);
    p.slept(1'000);
    CHECK(p.budget_ns(limit_ns) == 1'000);
}

TEST_CASE("what ended before it could have been a sleep says nothing of how long one takes") {
    spin_policy p;
    p.slept(4'000);
    for (int i = 0; i < 1000; ++i)
        p.slept(300);
    CHECK(p.budget_ns(limit_ns) == 4'000);
}

TEST_CASE("with a limit of 0 no wait looks on") {
    spin_policy p;
    CHECK(p.budget_ns(0) == 0);
}
