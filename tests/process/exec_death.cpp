// To its locks, a process that runs another program has died.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct room {
    mutex door;
    semaphore inside;
};

} // namespace

CROSSWAKE_ROLE(wait_for_one_permit) {
    named<semaphore> {
        open_only, args[0]
        } -> acquire();
    return 0;
}

CROSSWAKE_ROLE(lock_and_become_another_program) {
    named<room> r{open_only, args[0]};
    r->door.lock();
    r->inside.release();
    child::become("wait_for_one_permit", {args[1]});
}

TEST_CASE("an owner that becomes another program gives the lock up as if it had died") {
    const only_owners_are_looked_at here;
    const auto name = fresh_name();
    const auto stay_name = fresh_name();
    named<room> r{create_only, name};
    named<semaphore> stay{create_only, stay_name};
    child owner{"lock_and_become_another_program", {name, stay_name}};
    r->inside.acquire();
    CHECK(r->door.lock() == lock_status::acquired_from_dead_owner);
    r->door.unlock();
    stay->release();
    CHECK(owner.wait() == 0);
}
