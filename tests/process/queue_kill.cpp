// A queue that is closed when one of its producers has died inside, with the re-check an hour away. Other deaths at a
// queue are in crash.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>
#include <thread>

using namespace crosswake;
using namespace crosswake::test;

namespace {

/// Large, so that much of the time is spent on copying.
using crate = std::array<std::uint64_t, 64>;

struct dock {
    queue<crate, 8> q;
    /// What the producer has put in for certain.
    std::atomic<std::uint64_t> done{0};
};

} // namespace

CROSSWAKE_ROLE(push_until_killed) {
    named<dock> d{open_only, args[0]};
    for (;;) {
        d->q.push(crate{});
        d->done.fetch_add(1);
    }
}

TEST_CASE("a closed queue ends for its consumers though a producer was killed inside push") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    const only_owners_are_looked_at here;
    auto random = generator();
    for (auto n = kills; n-- > 0;) {
        const auto name = fresh_name();
        named<dock> d{create_only, name};
        child victim{"push_until_killed", {name}};
        while (d->done.load() < 8)
            std::this_thread::yield();
        dawdle(random, 500);
        (void)d->q.try_pop();
        victim.kill();
        d->q.close();
        std::error_code error;
        std::uint64_t received = 0;
        while (d->q.pop(error))
            ++received;
        CHECK(error == errc::closed);
        CHECK(received >= 7);
    }
}
