// A mutex whose owner dies inside. Whoever wants it finds out by looking at the owner, or hears of it: the re-check is
// an hour away.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct room {
    mutex door;
    semaphore inside;
    semaphore leave;
    semaphore about_to;
};

constexpr int from_dead = 10 + static_cast<int>(lock_status::acquired_from_dead_owner);
constexpr int sound = 10 + static_cast<int>(lock_status::acquired);

} // namespace

CROSSWAKE_ROLE(lock_and_die) {
    named<room> r{open_only, args[0]};
    r->door.lock();
    child::kill_myself();
}

CROSSWAKE_ROLE(lock_and_stay) {
    named<room> r{open_only, args[0]};
    r->door.lock();
    r->inside.release();
    r->leave.acquire();
    r->door.unlock();
    return 0;
}

// args: way, room. Says how the lock was got.
CROSSWAKE_ROLE(lock_and_tell_how) {
    const only_owners_are_looked_at here;
    waiter w{args[0]};
    named<room> r{open_only, args[1]};
    mutex::lock_operation op{r->door};
    r->about_to.release();
    if (w.wait(op) != wait_result::done)
        return 1;
    const auto hold = op.guard();
    return 10 + static_cast<int>(hold.status());
}

CROSSWAKE_ROLE(lock_and_close_the_handle) {
    named<semaphore> stay{open_only, args[1]};
    {
        named<room> r{open_only, args[0]};
        r->door.lock();
        r->inside.release();
    }
    stay->acquire();
    return 0;
}

TEST_CASE("when its owner is killed, the lock goes to the next, who is told") {
    const only_owners_are_looked_at here;
    const auto name = fresh_name();
    named<room> r{create_only, name};
    child owner{"lock_and_die", {name}};
    CHECK(owner.wait() < 0);
    CHECK(r->door.lock() == lock_status::acquired_from_dead_owner);
    r->door.unlock();
}

TEST_CASE("everyone is told of the owner's death until a holder marks the mutex as sound") {
    const only_owners_are_looked_at here;
    const auto name = fresh_name();
    named<room> r{create_only, name};
    child{"lock_and_die", {name}}.wait();
    for (int i = 0; i < 3; ++i) {
        CHECK(r->door.lock() == lock_status::acquired_from_dead_owner);
        CHECK_FALSE(r->door.is_sound());
        r->door.unlock();
        CHECK_FALSE(r->door.is_sound());
        CHECK(r->door.try_lock() == lock_status::acquired_from_dead_owner);
        r->door.unlock();
        child other{"lock_and_tell_how", {"blocks", name}};
        CHECK(other.wait() == from_dead);
    }
    r->door.lock();
    r->door.mark_sound();
    CHECK(r->door.is_sound());
    r->door.unlock();
    CHECK(r->door.lock() == lock_status::acquired);
    r->door.unlock();
    child other{"lock_and_tell_how", {"awaits", name}};
    CHECK(other.wait() == sound);
}

TEST_CASE("a second owner's death leaves the mutex unsound, though the first one's was repaired") {
    const only_owners_are_looked_at here;
    const auto name = fresh_name();
    named<room> r{create_only, name};
    child{"lock_and_die", {name}}.wait();
    r->door.lock();
    r->door.mark_sound();
    r->door.unlock();
    child{"lock_and_die", {name}}.wait();
    CHECK(r->door.lock() == lock_status::acquired_from_dead_owner);
    r->door.unlock();
}

TEST_CASE("processes that sleep for the lock get it when its owner is killed") {
    const only_owners_are_looked_at here;
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<room> r{create_only, name};
        child owner{"lock_and_stay", {name}};
        r->inside.acquire();
        std::vector<child> next;
        for (int i = 0; i < 3; ++i)
            next.emplace_back("lock_and_tell_how", std::vector<std::string>{way, name});
        for (std::size_t i = 0; i < next.size(); ++i)
            r->about_to.acquire();
        for (const auto& c : next)
            until_asleep(c.pid());
        CHECK_FALSE(r->door.try_lock());
        owner.kill();
        for (auto& c : next)
            CHECK(c.wait() == from_dead);
    }
}

TEST_CASE("an owner that closes its last handle without unlocking gives the lock up as if it had died") {
    const only_owners_are_looked_at here;
    const auto name = fresh_name();
    const auto stay_name = fresh_name();
    named<room> r{create_only, name};
    named<semaphore> stay{create_only, stay_name};
    child owner{"lock_and_close_the_handle", {name, stay_name}};
    r->inside.acquire();
    CHECK(r->door.lock() == lock_status::acquired_from_dead_owner);
    r->door.unlock();
    stay->release();
    CHECK(owner.wait() == 0);
}
