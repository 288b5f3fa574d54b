// Processes that /proc shows to nobody, or that it shows nothing.
#include <support/belongings.hpp>
#include <support/child.hpp>
#include <support/faults.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;

namespace {

constexpr std::uint32_t one_user = 54321;
constexpr std::uint32_t other_user = 54322;

struct desk {
    semaphore there;
    semaphore back;
    semaphore told;
};

} // namespace

// args: way, desk, how often, how it is hidden.
CROSSWAKE_ROLE(answer_hidden) {
    set_environment("CROSSWAKE_BELL", "");
    if (args[3] == "opaque" && !become_user(one_user, one_user))
        return not_permitted_here;
    if (args[3] == "opaque")
        become_opaque();
    if (args[3] == "other user, hidden" && !become_user(other_user, other_user))
        return not_permitted_here;
    if (args[3] == "empty /proc" && !enter_empty_proc())
        return not_permitted_here;
    waiter w{args[0]};
    named<desk> d{open_only, args[1], permissions::everyone};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        semaphore::acquire_operation op{d->there};
        d->told.release();
        if (w.wait(op) != wait_result::done)
            return 1;
        d->back.release();
    }
    return 0;
}

// args: the same, and this one's way.
CROSSWAKE_ROLE(ask_the_hidden) {
    set_environment("CROSSWAKE_BELL", "");
    if (args[3] == "other user, hidden" && !enter_hiding_proc())
        return not_permitted_here;
    child other{"answer_hidden", args};
    if (args[3] != "empty /proc" && !become_user(one_user, one_user))
        return not_permitted_here;
    waiter w{args[4]};
    named<desk> d{open_only, args[1], permissions::everyone};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        d->told.acquire();
        d->there.release();
        semaphore::acquire_operation op{d->back};
        if (w.wait(op) != wait_result::done)
            return 1;
    }
    return other.wait();
}

CROSSWAKE_ROLE(use_without_proc) {
    named<desk> told{open_only, args[0]};
    if (!enter_empty_proc()) {
        told->told.release();
        return not_permitted_here;
    }
    named<desk> d{open_only, args[0]};
    belongings its{open_only, args[0]};
    const bool are_kept = its.are_kept(); // their owner lives
    d->told.release();
    if (!are_kept)
        return 1;
    if (!its.come_from_the_dead())
        return 2;
    try {
        named<semaphore> s{create_only, args[0] + "-more"};
        s->release();
        return s->try_acquire() ? 0 : 3;
    } catch (const std::system_error& e) {
        return e.code() == errc::not_found ? 4 : 0;
    }
}

CROSSWAKE_ROLE(own_and_stay) {
    named<desk> d{open_only, args[0]};
    belongings its{open_only, args[0]};
    its.take_all();
    d->back.release();
    d->there.acquire();
    return 0;
}

CROSSWAKE_ROLE(end_as_one_user) {
    return become_user(one_user, one_user) ? 0 : not_permitted_here;
}

CROSSWAKE_ROLE(await_opaquely) {
    if (!become_user(one_user, one_user))
        return not_permitted_here;
    become_opaque();
    named<desk> d{open_only, args[0], permissions::everyone};
    waiter w{"awaits"};
    semaphore::acquire_operation op{d->there};
    d->told.release();
    return w.wait(op) == wait_result::done ? 0 : 1;
}

// args: desk, CROSSWAKE_BELL. 0 if the ring could be heard at the object's file, 1 if not.
CROSSWAKE_ROLE(ring_by) {
    if (!become_user(one_user, one_user))
        return not_permitted_here;
    set_environment("CROSSWAKE_BELL", args[1]);
    named<desk> d{open_only, args[0], permissions::everyone};
    const int ear = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (::inotify_add_watch(ear, ("/dev/shm/crosswake." + args[0]).c_str(), IN_MODIFY | IN_ATTRIB) < 0)
        return 2;
    d->there.release();
    alignas(inotify_event) char heard[512];
    return ::read(ear, heard, sizeof heard) > 0 ? 0 : 1;
}

// The sanitizers want /proc for themselves.
TEST_CASE("who is hidden from its peers is woken by them and wakes them, whichever way they wait" *
          doctest::skip(is_instrumented)) {
    for (const std::string how : {"opaque", "other user, hidden", "empty /proc"})
        for (const auto* const mine : both_ways)
            for (const auto* const its : both_ways) {
                CAPTURE(how);
                CAPTURE(mine);
                CAPTURE(its);
                const auto name = fresh_name();
                named<desk> d{create_only, name, permissions::everyone};
                child asking{"ask_the_hidden", {its, name, "50", how, mine}};
                const int code = asking.wait();
                if (!permitted(code))
                    return;
                CHECK(code == 0);
            }
}

TEST_CASE("a process without /proc robs no living owner, notices a dead one, and can use what is there" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    belongings its{create_only, name};
    child owner{"own_and_stay", {name}};
    d->back.acquire();
    child c{"use_without_proc", {name}};
    d->told.acquire();
    owner.kill();
    const int code = c.wait();
    if (permitted(code))
        CHECK(code == 0);
}

TEST_CASE("where the pipe is forced nobody is rung through the segment, not even who cannot be reached otherwise") {
    if (!permitted(child{"end_as_one_user"}.wait()))
        return;
    for (const std::string bell : {"pipe", "inotify", ""}) {
        CAPTURE(bell);
        const auto name = fresh_name();
        named<desk> d{create_only, name, permissions::everyone};
        child sleeper{"await_opaquely", {name}};
        d->told.acquire();
        until_asleep(sleeper.pid());
        const int code = child{"ring_by", {name, bell}}.wait();
        sleeper.kill();
        CHECK(code == (bell == "pipe" ? 1 : 0));
    }
}
