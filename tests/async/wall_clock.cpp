// Waits go by the clock that nobody sets, however the time was given.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;
using namespace std::chrono_literals;

CROSSWAKE_ROLE(wait_in_every_way) {
    named<semaphore> s{create_only, args[0]};
    forbid_sleeping_by_the_wall_clock();
    int given_up = 0;
    given_up += !s->try_acquire_for(20ms);
    given_up += !s->try_acquire_until(std::chrono::steady_clock::now() + 20ms);
    given_up += !s->try_acquire_until(std::chrono::system_clock::now() + 20ms);
    asio::io_context context;
    const auto ex = context.get_executor();
    const auto count = [&](boost::system::error_code ec) { given_up += ec == errc::timed_out; };
    async_acquire_for(ex, *s, 20ms, count);
    async_acquire_until(ex, *s, std::chrono::steady_clock::now() + 20ms, count);
    async_acquire_until(ex, *s, std::chrono::system_clock::now() + 20ms, count);
    context.run();
    return given_up == 6 ? 0 : 1;
}

CROSSWAKE_ROLE(sleep_by_the_wall_clock) {
    forbid_sleeping_by_the_wall_clock();
    sleep_a_moment_by_the_wall_clock();
    return 0;
}

TEST_CASE("no wait sleeps by the clock that people set: setting it cuts none short and stretches none") {
    child c{"wait_in_every_way", {fresh_name()}};
    CHECK(c.wait() == 0);
}

TEST_CASE("sleeping by the clock that people set would have been noticed") {
    child c{"sleep_by_the_wall_clock"};
    CHECK(c.wait() == killed_by_forbidden_call());
}
