// Processes that number processes differently, as in containers: they see the same memory, and not each other.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct desk {
    semaphore there;
    semaphore back;
    mutex door;
};

} // namespace

// args: way, desk, how often, CROSSWAKE_BELL.
CROSSWAKE_ROLE(answer) {
    set_environment("CROSSWAKE_BELL", args[3]);
    waiter w{args[0]};
    named<desk> d{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        semaphore::acquire_operation op{d->there};
        if (w.wait(op) != wait_result::done)
            return 1;
        d->back.release();
    }
    return 0;
}

CROSSWAKE_ROLE(answer_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"answer", args}.wait();
}

CROSSWAKE_ROLE(ask_elsewhere) {
    set_environment("CROSSWAKE_BELL", args[3]);
    child other{"answer_elsewhere", {args[0], args[1], args[2], args[3]}};
    waiter w{args[4]};
    named<desk> d{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        d->there.release();
        semaphore::acquire_operation op{d->back};
        if (w.wait(op) != wait_result::done)
            return 1;
    }
    return other.wait();
}

CROSSWAKE_ROLE(lock_until_told) {
    named<desk> d{open_only, args[0]};
    d->door.lock();
    d->back.release();
    d->there.acquire();
    d->door.unlock();
    return 0;
}

CROSSWAKE_ROLE(lock_until_told_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"lock_until_told", args}.wait();
}

// The first process among numbers of its own cannot be killed by itself, so its parent does it.
CROSSWAKE_ROLE(have_an_owner_killed_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    named<desk> d{open_only, args[0]};
    child owner{"lock_until_told", args};
    d->back.acquire();
    const owner_check_each from_here_on(std::chrono::milliseconds(50));
    if (d->door.try_lock_for(std::chrono::milliseconds(250)))
        return 1; // it lives, and two looks at it were not to find otherwise
    owner.kill();
    return 0;
}

CROSSWAKE_ROLE(end_at_once_elsewhere) {
    return enter_new_process_numbers() ? 0 : not_permitted_here;
}

CROSSWAKE_ROLE(lock_and_die) {
    named<desk> d{open_only, args[0]};
    d->door.lock();
    child::kill_myself();
}

CROSSWAKE_ROLE(be_there) {
    named<desk> d{open_only, args[0]};
    d->back.release();
    d->there.acquire();
    return 0;
}

// Two processes of one number, one after the other, and a lock that the first took to its grave.
CROSSWAKE_ROLE(reuse_a_number) {
    named<desk> d{open_only, args[0]};
    child first{"lock_and_die", args};
    const auto number = first.pid();
    first.wait();
    // Births are counted in ticks of the clock: another one has to begin.
    const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    while (std::chrono::steady_clock::now() < later) {
    }
    if (!next_process_number(number))
        return not_permitted_here;
    child second{"be_there", args};
    if (second.pid() != number)
        return 1;
    d->back.acquire();
    if (d->door.lock() != lock_status::acquired_from_dead_owner)
        return 2;
    d->there.release();
    return second.wait();
}

CROSSWAKE_ROLE(reuse_a_number_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"reuse_a_number", args}.wait();
}

TEST_CASE("a process that has the number of a dead owner is not taken for that owner") {
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    child c{"reuse_a_number_elsewhere", {name}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}

TEST_CASE("processes of different numberings wake each other, whichever way they wait, however the bell is chosen") {
    if (!permitted(child{"end_at_once_elsewhere"}.wait()))
        return;
    for (const auto* const mine : both_ways)
        for (const auto* const its : both_ways)
            for (const std::string bell : {"inotify", ""}) {
                CAPTURE(mine);
                CAPTURE(its);
                CAPTURE(bell);
                const auto name = fresh_name();
                named<desk> d{create_only, name};
                child asking{"ask_elsewhere", {its, name, "200", bell, mine}};
                CHECK(asking.wait() == 0);
            }
}

TEST_CASE("a lock whose owner's number means nothing here is kept while that owner lives") {
    if (!permitted(child{"end_at_once_elsewhere"}.wait()))
        return;
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    child elsewhere{"lock_until_told_elsewhere", {name}};
    d->back.acquire();
    const owner_check_each while_here(std::chrono::milliseconds(50));
    CHECK_FALSE(d->door.try_lock_for(std::chrono::milliseconds(250))); // several looks at whether it lives
    d->there.release();
    CHECK(elsewhere.wait() == 0);
    CHECK(d->door.lock() == lock_status::acquired);
    d->door.unlock();
}

TEST_CASE("an owner among other process numbers keeps the lock while it lives, and not when it is killed") {
    if (!permitted(child{"end_at_once_elsewhere"}.wait()))
        return;
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    child elsewhere{"have_an_owner_killed_elsewhere", {name}};
    CHECK(elsewhere.wait() == 0);
    CHECK(d->door.lock() == lock_status::acquired_from_dead_owner);
    d->door.unlock();
}
