// A semaphore between processes.
#include <support/acquire_and_answer.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

CROSSWAKE_ROLE(try_for_a_while) {
    named<semaphore> s{open_only, args[0]};
    const auto begin = std::chrono::steady_clock::now();
    const bool got = s->try_acquire_for(30ms);
    const bool late_enough = std::chrono::steady_clock::now() - begin >= 30ms;
    return got ? 1 : late_enough ? 0 : 2;
}

TEST_CASE("a release in one process wakes a blocked acquire in another, every time") {
    const auto there = fresh_name();
    const auto back = fresh_name();
    named<semaphore> question{create_only, there};
    named<semaphore> answer{create_only, back};
    child c{"acquire_and_answer", {there, back, "5000"}};
    for (int i = 0; i < 5000; ++i) {
        question->release();
        answer->acquire();
    }
    CHECK(c.wait() == 0);
    CHECK(question->available() == 0);
    CHECK(answer->available() == 0);
}

TEST_CASE("a timed acquire in another process gives up, and not early") {
    const auto name = fresh_name();
    named<semaphore> s{create_only, name};
    child c{"try_for_a_while", {name}};
    CHECK(c.wait() == 0);
    s->release();
    CHECK(s->try_acquire());
}

TEST_CASE("many processes share the permits, and none is lost or made") {
    const auto there = fresh_name();
    const auto back = fresh_name();
    named<semaphore> question{create_only, there};
    named<semaphore> answer{create_only, back};
    std::vector<child> children;
    for (int i = 0; i < 4; ++i)
        children.emplace_back("acquire_and_answer", std::vector<std::string>{there, back, "1000"});
    question->release(4000);
    for (int i = 0; i < 4000; ++i)
        answer->acquire();
    for (auto& c : children)
        CHECK(c.wait() == 0);
    CHECK(question->available() == 0);
    CHECK(answer->available() == 0);
}
