// An event within one process.
#include <support/names.hpp>
#include <support/sleeper.hpp>

#include <crosswake/event.hpp>
#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

TEST_CASE("an event begins as it is told, and is not set otherwise") {
    CHECK_FALSE(event().is_set());
    CHECK(event().mode() == reset_mode::automatic);
    CHECK(event(reset_mode::manual).mode() == reset_mode::manual);
    CHECK_FALSE(event(reset_mode::manual).is_set());
    CHECK(event(reset_mode::automatic, true).is_set());
    CHECK(event(reset_mode::manual, true).is_set());
}

TEST_CASE("an automatic event lets one pass for each time it was set, and not more for being set twice") {
    event e;
    CHECK_FALSE(e.try_wait());
    e.set();
    e.set();
    CHECK(e.is_set());
    CHECK(e.try_wait());
    CHECK_FALSE(e.is_set());
    CHECK_FALSE(e.try_wait());
    e.set();
    e.wait();
    CHECK_FALSE(e.is_set());
}

TEST_CASE("a manual event lets everyone pass until it is reset") {
    event e{reset_mode::manual};
    CHECK_FALSE(e.try_wait());
    e.set();
    for (int i = 0; i < 3; ++i) {
        CHECK(e.try_wait());
        e.wait();
    }
    CHECK(e.is_set());
    e.reset();
    CHECK_FALSE(e.is_set());
    CHECK_FALSE(e.try_wait());
}

TEST_CASE("resetting an event that is not set changes nothing") {
    event e;
    e.reset();
    CHECK_FALSE(e.is_set());
    e.set();
    e.reset();
    CHECK_FALSE(e.try_wait());
}

TEST_CASE("a timed wait passes at once if the event is set, however late it is") {
    event e;
    for (const auto timeout : {-1h, 0h, 1h}) {
        e.set();
        CHECK(e.wait_for(timeout));
        CHECK_FALSE(e.is_set());
    }
    e.set();
    CHECK(e.wait_until(std::chrono::steady_clock::time_point::min()));
    e.set();
    CHECK(e.wait_until(std::chrono::system_clock::now() - 1h));
}

TEST_CASE("a timed wait for an event that is not set gives up, and not early") {
    named<event> e{create_only, fresh_name()};
    CHECK_FALSE(e->wait_for(0s));
    CHECK_FALSE(e->wait_for(-1s));
    CHECK_FALSE(e->wait_until(std::chrono::steady_clock::time_point::min()));
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(e->wait_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    CHECK_FALSE(e->wait_until(begin + 40ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
}

TEST_CASE("setting an automatic event wakes one thread, a manual one every thread") {
    for (const auto mode : {reset_mode::automatic, reset_mode::manual}) {
        named<event> e{create_only, fresh_name(), mode};
        std::atomic<int> passed{0};
        std::deque<sleeper> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                e->wait();
                ++passed;
            });
        for (const auto& t : threads)
            t.until_asleep();
        CHECK(passed.load() == 0);
        if (mode == reset_mode::automatic)
            for (int i = 1; i <= 4; ++i) {
                e->set();
                while (passed.load() < i)
                    std::this_thread::yield();
                CHECK(passed.load() == i);
            }
        else
            e->set();
        threads.clear();
        CHECK(passed.load() == 4);
        CHECK(e->is_set() == (mode == reset_mode::manual));
    }
}

TEST_CASE("what is done before set is seen after the wait that it lets through") {
    named<event> there{create_only, fresh_name()};
    named<event> back{create_only, fresh_name()};
    int value = 0;
    constexpr int rounds = 10'000;
    sleeper other([&] {
        for (int i = 0; i < rounds; ++i) {
            there->wait();
            ++value;
            back->set();
        }
    });
    for (int i = 0; i < rounds; ++i) {
        ++value;
        there->set();
        back->wait();
    }
    CHECK(value == 2 * rounds);
}

TEST_CASE("an event in no segment can be set and tried, and to wait for it is an error that says why") {
    event e;
    std::error_code error;
    try {
        e.wait();
    } catch (const std::system_error& thrown) {
        error = thrown.code();
    }
    CHECK(error == errc::not_shared);
    CHECK_THROWS_AS((void)e.wait_for(1h), std::system_error);
    e.set();
    CHECK_NOTHROW(e.wait());
    CHECK_FALSE(e.wait_for(0s));
}
