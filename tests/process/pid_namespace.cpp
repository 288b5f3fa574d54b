// Processes that number processes differently, as in containers: they see the same memory, and not each other.
#include <support/belongings.hpp>
#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

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
};

} // namespace

// args: way, desk, how often, CROSSWAKE_BELL.
CROSSWAKE_ROLE(answer) {
    set_environment("CROSSWAKE_BELL", args[3]);
    waiter w{args[0]};
    named<desk> d{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        semaphore::acquire_operation op{d->there};
        wait(w, op);
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
        wait(w, op);
    }
    return other.wait();
}

CROSSWAKE_ROLE(own_until_told) {
    named<desk> d{open_only, args[0]};
    belongings its{open_only, args[0]};
    its.take_all();
    d->back.release();
    d->there.acquire();
    its.be_done_with_all();
    return 0;
}

CROSSWAKE_ROLE(own_until_told_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"own_until_told", args}.wait();
}

// The first process among numbers of its own cannot be stopped or killed by itself, so its parent does it.
CROSSWAKE_ROLE(have_an_owner_killed_elsewhere) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    named<desk> d{open_only, args[0]};
    belongings its{open_only, args[0]};
    child owner{"own_until_told", args};
    d->back.acquire();
    owner.stop();
    if (!its.are_kept())
        return 1;
    owner.kill();
    return 0;
}

CROSSWAKE_ROLE(end_at_once_elsewhere) {
    return enter_new_process_numbers() ? 0 : not_permitted_here;
}

CROSSWAKE_ROLE(own_and_die) {
    belongings its{open_only, args[0]};
    its.take_all();
    child::kill_myself();
}

CROSSWAKE_ROLE(be_there) {
    const belongings seen{open_only, args[0]};
    named<desk> d{open_only, args[0]};
    d->back.release();
    d->there.acquire();
    return 0;
}

// Two processes of one number, one after the other, and what the first took to its grave.
CROSSWAKE_ROLE(reuse_a_number) {
    named<desk> d{open_only, args[0]};
    belongings of_the_dead{open_only, args[0]};
    child first{"own_and_die", args};
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
    if (!of_the_dead.come_from_the_dead())
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
    belongings of_the_dead{create_only, name};
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

TEST_CASE("an owner whose number means nothing here keeps what it has, until it is done with it") {
    if (!permitted(child{"end_at_once_elsewhere"}.wait()))
        return;
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    belongings its{create_only, name};
    child elsewhere{"own_until_told_elsewhere", {name}};
    d->back.acquire();
    REQUIRE(its.are_kept());
    d->there.release();
    CHECK(elsewhere.wait() == 0);
    CHECK(its.are_done_with());
}

TEST_CASE("an owner among other process numbers keeps what it has while it is stopped, and not when it is killed") {
    if (!permitted(child{"end_at_once_elsewhere"}.wait()))
        return;
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    belongings its{create_only, name};
    child elsewhere{"have_an_owner_killed_elsewhere", {name}};
    CHECK(elsewhere.wait() == 0);
    CHECK(its.come_from_the_dead());
}
