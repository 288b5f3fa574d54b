// An event between processes.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

// args: way, event, semaphore, how often. Announces itself once, then passes the event and says so, again and again.
CROSSWAKE_ROLE(pass_and_say_so) {
    waiter w{args[0]};
    named<event> e{open_only, args[1]};
    named<semaphore> said{open_only, args[2]};
    said->release();
    for (auto n = std::stoi(args[3]); n-- > 0;) {
        event::wait_operation op{*e};
        if (w.wait(op) != wait_result::done)
            return 1;
        said->release();
    }
    return 0;
}

CROSSWAKE_ROLE(wait_for_a_while) {
    waiter w{args[0]};
    named<event> e{open_only, args[1]};
    event::wait_operation op{*e};
    const auto begin = std::chrono::steady_clock::now();
    const auto result = w.wait(op, deadline::after(30ms));
    const bool late_enough = std::chrono::steady_clock::now() - begin >= 30ms;
    return result != wait_result::timed_out ? 1 : late_enough ? 0 : 2;
}

CROSSWAKE_ROLE(set_it) {
    named<event> {
        open_only, args[0]
        } -> set();
    return 0;
}

TEST_CASE("each set of an automatic event lets one process through, wherever it waits") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto back = fresh_name();
        named<event> e{create_only, name};
        named<semaphore> said{create_only, back};
        std::vector<child> children;
        for (int i = 0; i < 4; ++i)
            children.emplace_back("pass_and_say_so", std::vector<std::string>{way, name, back, "500"});
        for (int i = 0; i < 4; ++i)
            said->acquire();
        for (int i = 0; i < 4 * 500; ++i) {
            e->set();
            said->acquire();
        }
        for (auto& c : children)
            CHECK(c.wait() == 0);
        CHECK(said->available() == 0);
        CHECK_FALSE(e->is_set());
    }
}

TEST_CASE("a manual event lets every process through that sleeps on it, and those that come later") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto back = fresh_name();
        named<event> e{create_only, name, reset_mode::manual};
        named<semaphore> said{create_only, back};
        std::vector<child> children;
        for (int i = 0; i < 4; ++i)
            children.emplace_back("pass_and_say_so", std::vector<std::string>{way, name, back, "1"});
        for (int i = 0; i < 4; ++i)
            said->acquire();
        for (const auto& c : children)
            until_asleep(c.pid());
        CHECK(said->available() == 0);
        e->set();
        for (auto& c : children)
            CHECK(c.wait() == 0);
        CHECK(said->available() == 4);
        CHECK(e->is_set());
        child late{"pass_and_say_so", {way, name, back, "1"}};
        CHECK(late.wait() == 0);
    }
}

TEST_CASE("after a reset a manual event holds other processes up again") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto back = fresh_name();
        named<event> e{create_only, name, reset_mode::manual, true};
        named<semaphore> said{create_only, back};
        e->reset();
        child c{"pass_and_say_so", {way, name, back, "1"}};
        said->acquire();
        until_asleep(c.pid());
        CHECK(said->available() == 0);
        e->set();
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("a timed wait in another process gives up, not early, and leaves the next set for others") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<event> e{create_only, name};
        child c{"wait_for_a_while", {way, name}};
        CHECK(c.wait() == 0);
        e->set();
        CHECK(e->try_wait());
    }
}

TEST_CASE("a set in another process wakes one that waits in this one") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<event> e{create_only, name};
        waiter w{way};
        for (int i = 0; i < 20; ++i) {
            child c{"set_it", {name}};
            event::wait_operation op{*e};
            CHECK(w.wait(op) == wait_result::done);
            CHECK(c.wait() == 0);
        }
    }
}
