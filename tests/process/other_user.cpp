// Objects between users.
#include <support/belongings.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/refusal.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

// Numbers that nobody need have: rights go by numbers.
constexpr std::uint32_t one_user = 54321;
constexpr std::uint32_t other_user = 54322;
constexpr std::uint32_t one_group = 54323;
constexpr std::uint32_t other_group = 54324;

struct desk {
    semaphore there;
    semaphore back;
    semaphore about_to;
};

} // namespace

CROSSWAKE_ROLE(try_to_open_as_another_user) {
    if (!become_nobody())
        return not_permitted_here;
    const auto open = [&] { named<desk>{open_only, args[0]}; };
    const auto open_asking_for_more = [&] { named<desk>{open_only, args[0], permissions::everyone}; };
    const auto open_or_create_it = [&] { named<desk>{open_or_create, args[0]}; };
    const auto create = [&] { named<desk>{create_only, args[0]}; };
    if (!refusal_of(open).says('"' + args[0] + '"') || error_of(open) != errc::permission_denied ||
        error_of(open_asking_for_more) != errc::permission_denied ||
        error_of(open_or_create_it) != errc::permission_denied)
        return 1;
    return error_of(create) == errc::already_exists ? 0 : 2;
}

// What everyone may write, anyone could have put there to keep us waiting: it takes a word of consent.
CROSSWAKE_ROLE(open_for_everyone_as_another_user) {
    if (!become_nobody())
        return not_permitted_here;
    if (error_of([&] { named<desk>{open_only, args[0]}; }) != errc::permission_denied)
        return 1;
    return error_of([&] { named<desk>{open_only, args[0], permissions::everyone}; }) ? 2 : 0;
}

// args: way, desk, how often, CROSSWAKE_BELL, the asking process and its way.
CROSSWAKE_ROLE(answer_as_another_user) {
    set_environment("CROSSWAKE_BELL", args[3]);
    if (!become_nobody())
        return not_permitted_here;
    waiter w{args[0]};
    named<desk> d{open_only, args[1], permissions::everyone};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        semaphore::acquire_operation op{d->there};
        d->about_to.release();
        if (w.wait(op) != wait_result::done)
            return 1;
        until_asleep(static_cast<thread_number>(std::stoul(args[4])));
        d->back.release();
    }
    return args[3].empty() && args[5] == "awaits" && bell_mechanism_in_use() != bell_mechanism::segment ? 2 : 0;
}

// args: the other's way, desk, how often, bell, this one's way.
CROSSWAKE_ROLE(ask_another_user) {
    set_environment("CROSSWAKE_BELL", args[3]);
    waiter w{args[4]};
    named<desk> d{open_only, args[1], permissions::everyone};
    child other{"answer_as_another_user", {args[0], args[1], args[2], args[3], std::to_string(this_thread()), args[4]}};
    d->about_to.acquire();
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        until_asleep(other.pid());
        d->there.release();
        semaphore::acquire_operation op{d->back};
        if (w.wait(op) != wait_result::done)
            return 1;
        if (n > 0)
            d->about_to.acquire();
    }
    return other.wait();
}

CROSSWAKE_ROLE(end_at_once_as_another_user) {
    return become_nobody() ? 0 : not_permitted_here;
}

CROSSWAKE_ROLE(own_as_another_user_until_told) {
    if (!become_nobody())
        return not_permitted_here;
    named<desk> d{open_only, args[0], permissions::everyone};
    belongings its{open_only, args[0], permissions::everyone};
    its.take_all();
    d->about_to.release();
    d->there.acquire();
    its.be_done_with_all();
    return 0;
}

CROSSWAKE_ROLE(create_for_everyone_and_die) {
    named<desk> d{create_only, args[0], permissions::everyone};
    child::kill_myself();
}

CROSSWAKE_ROLE(meet_a_dead_object_as_another_user) {
    if (!become_nobody())
        return not_permitted_here;
    for (int i = 0; i < 2; ++i) {
        if (error_of([&] { named<desk>{open_only, args[0], permissions::everyone}; }) != errc::permission_denied)
            return 1;
        if (error_of([&] { named<desk>{open_or_create, args[0], permissions::everyone}; }) != errc::permission_denied)
            return 2;
    }
    return 0;
}

// In a memory of its own, so that nobody else's sweep removes the dead object.
CROSSWAKE_ROLE(leave_a_dead_object_to_another_user) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    child{"create_for_everyone_and_die", args}.wait();
    return child{"meet_a_dead_object_as_another_user", args}.wait();
}

CROSSWAKE_ROLE(create_as_another_user_and_stay) {
    if (!become_nobody())
        return not_permitted_here;
    named<semaphore> ready{open_only, args[1], permissions::everyone};
    named<semaphore> end{open_only, args[2], permissions::everyone};
    named<desk> d{create_only, args[0], permissions::everyone};
    ready->release();
    end->acquire();
    return 0;
}

// args: desk, two semaphores that tell when it is there and when to end.
CROSSWAKE_ROLE(create_for_a_group_and_stay) {
    named<semaphore> ready{open_only, args[1], permissions::everyone};
    named<semaphore> end{open_only, args[2], permissions::everyone};
    if (!become_user(one_user, one_group)) {
        ready->release();
        return not_permitted_here;
    }
    named<desk> d{create_only, args[0], permissions::group};
    ready->release();
    end->acquire();
    return 0;
}

// args: desk, "member" or "stranger".
CROSSWAKE_ROLE(open_what_is_for_a_group) {
    if (!become_user(other_user, args[1] == "member" ? one_group : other_group))
        return not_permitted_here;
    if (error_of([&] { named<desk>{open_only, args[0]}; }) != errc::permission_denied)
        return 1;
    const auto error = error_of([&] { named<desk>{open_only, args[0], permissions::group}; });
    return error == (args[1] == "member" ? std::error_code{} : make_error_code(errc::permission_denied)) ? 0 : 2;
}

TEST_CASE("an object for a group is open to the members of its creator's group who ask for it, and to nobody else") {
    const auto name = fresh_name();
    const auto ready_name = fresh_name();
    const auto end_name = fresh_name();
    named<semaphore> ready{create_only, ready_name, permissions::everyone};
    named<semaphore> end{create_only, end_name, permissions::everyone};
    child creator{"create_for_a_group_and_stay", {name, ready_name, end_name}};
    ready->acquire();
    for (const std::string who : {"member", "stranger"}) {
        CAPTURE(who);
        child c{"open_what_is_for_a_group", {name, who}};
        if (const int code = c.wait(); permitted(code))
            CHECK(code == 0);
    }
    end->release();
    if (const int code = creator.wait(); permitted(code))
        CHECK(code == 0);
}

TEST_CASE("another user is refused an object that is this user's own") {
    const auto name = fresh_name();
    named<desk> d{create_only, name};
    child c{"try_to_open_as_another_user", {name}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}

TEST_CASE("another user opens an object that is for everyone, if it asks for such a one") {
    const auto name = fresh_name();
    named<desk> d{create_only, name, permissions::everyone};
    child c{"open_for_everyone_as_another_user", {name}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}

TEST_CASE("an object that another user made is refused unless more than this user is asked for") {
    child probe{"end_at_once_as_another_user"};
    if (!permitted(probe.wait()))
        return;
    const auto name = fresh_name();
    const auto ready_name = fresh_name();
    const auto end_name = fresh_name();
    named<semaphore> ready{create_only, ready_name, permissions::everyone};
    named<semaphore> end{create_only, end_name, permissions::everyone};
    child c{"create_as_another_user_and_stay", {name, ready_name, end_name}};
    ready->acquire();
    const auto refused = refusal_of([&] { named<desk>{open_only, name}; });
    CHECK(refused.code == errc::permission_denied);
    for (const auto& part : {'"' + name + '"', std::string("another user's")})
        CHECK_MESSAGE(refused.says(part), refused.text);
    CHECK(error_of([&] { named<desk>{open_or_create, name}; }) == errc::permission_denied);
    CHECK_FALSE(error_of([&] { named<desk>{open_only, name, permissions::everyone}; }));
    end->release();
    CHECK(c.wait() == 0);
}

TEST_CASE("users wake each other, whichever way they wait, and however the bell is chosen") {
    for (const auto* const mine : both_ways)
        for (const auto* const its : both_ways)
            for (const std::string bell : {"inotify", ""}) {
                CAPTURE(mine);
                CAPTURE(its);
                CAPTURE(bell);
                const auto name = fresh_name();
                named<desk> d{create_only, name, permissions::everyone};
                child asking{"ask_another_user", {its, name, "50", bell, mine}};
                const int code = asking.wait();
                if (!permitted(code))
                    return;
                CHECK(code == 0);
            }
}

TEST_CASE("another user's process keeps what it has while it lives, until it is done with it or is killed") {
    if (!permitted(child{"end_at_once_as_another_user"}.wait()))
        return;
    for (const bool is_killed : {false, true}) {
        CAPTURE(is_killed);
        const auto name = fresh_name();
        named<desk> d{create_only, name, permissions::everyone};
        belongings its{create_only, name, permissions::everyone};
        child owner{"own_as_another_user_until_told", {name}};
        d->about_to.acquire();
        REQUIRE(its.are_kept());
        if (is_killed) {
            owner.kill();
            CHECK(its.come_from_the_dead());
        } else {
            d->there.release();
            CHECK(owner.wait() == 0);
            CHECK(its.are_done_with());
        }
    }
}

TEST_CASE("a dead object of another user, which cannot be removed, is a refusal and no endless search") {
    child c{"leave_a_dead_object_to_another_user", {fresh_name()}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}
