// A lock that went to one of those who waited for it, and stays with it when it is killed: the others saw another owner
// when they began to wait.
#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>

#include <backend/bell.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct contest {
    mutex door;
    semaphore about_to;
    semaphore had_it;
    semaphore never;
    std::atomic<int> whose{0};
    std::atomic<bool> was_told{false};
};

/// Waits for the lock, and says so; has it, and says so.
unique_lock have_it(contest& c, const char* way, int number) {
    waiter w{way};
    mutex::lock_operation op{c.door};
    c.about_to.release();
    if (!in_time([&](auto limit) { return w.wait(op, deadline::after(limit)) == wait_result::done; }))
        return {};
    auto hold = op.guard();
    c.was_told = hold.status() == lock_status::acquired_from_dead_owner;
    c.whose = number;
    c.had_it.release();
    return hold;
}

} // namespace

// args: way, contest, its number.
CROSSWAKE_ROLE(have_it_and_stay) {
    const only_owners_are_looked_at while_here;
    named<contest> c{open_only, args[1]};
    const auto hold = have_it(*c, args[0].c_str(), std::stoi(args[2]));
    c->never.acquire();
    return 0;
}

TEST_CASE("who waits for a lock hears of the death of an owner that it never saw") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<contest> c{create_only, name};
        unique_lock first{c->door};
        child contenders[]{child{"have_it_and_stay", {way, name, "0"}}, child{"have_it_and_stay", {way, name, "1"}}};
        for (int i = 0; i < 2; ++i)
            c->about_to.acquire();
        CHECK_FALSE(c->had_it.try_acquire_for(250ms)); // a few looks: from here on both only listen
        first.unlock();
        c->had_it.acquire();
        CHECK_FALSE(c->was_told.load());
        CHECK_FALSE(c->had_it.try_acquire_for(100ms));
        contenders[c->whose.load()].kill();
        REQUIRE(in_time([&](auto limit) { return c->had_it.try_acquire_for(limit); }));
        CHECK(c->was_told.load());
    }
}

// It looks at nobody while its own process has the lock, whose end it will not see.
TEST_CASE("so does who began to wait while its own process had the lock") {
    if (backend::forced_mechanism() == backend::forced::segment)
        return; // all are woken there, and nobody has a turn
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const only_owners_are_looked_at while_here;
        const auto name = fresh_name();
        named<contest> c{create_only, name};
        unique_lock first{c->door};
        std::thread heir([&] { have_it(*c, way, 0); });
        c->about_to.acquire();
        CHECK_FALSE(c->had_it.try_acquire_for(250ms)); // it has the first seat, so the second one's turn comes first
        child contender{"have_it_and_stay", {way, name, "1"}};
        c->about_to.acquire();
        CHECK_FALSE(c->had_it.try_acquire_for(250ms));
        first.unlock();
        c->had_it.acquire();
        CHECK(c->whose.load() == 1);
        CHECK_FALSE(c->had_it.try_acquire_for(100ms));
        contender.kill();
        heir.join();
        REQUIRE(c->was_told.load());
    }
}
