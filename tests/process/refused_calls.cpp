// Each kernel call refused in turn, with each error: what comes of it is an error or another way, and never a hang, a
// lost wake-up or an object that cannot be used any more.
#include <support/child.hpp>
#include <support/faults.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct board {
    semaphore to_child;
    semaphore to_parent;
    semaphore nobody_gives;
    event flag{reset_mode::manual};
    queue<int, 2> items;
    mutex door;
    mutex of_the_living;
    mutex of_the_dead[512];
};

/// An error that says what it is.
bool works_or_is_refused(const std::function<void()>& call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return static_cast<bool>(e.code());
    } catch (const std::bad_alloc&) {
        return true;
    }
    return true;
}

/// What needs nothing of the kernel works as ever.
bool is_usable(board& b) {
    b.flag.set();
    b.items.push(1);
    const bool ok = b.flag.try_wait() && b.items.pop() == 1 && b.door.lock() == lock_status::acquired;
    b.door.unlock();
    return ok && !b.nobody_gives.try_acquire_for(1ms);
}

} // namespace

CROSSWAKE_ROLE(lock_all_and_die) {
    named<board> b{open_only, args[0]};
    for (auto& door : b->of_the_dead)
        door.lock();
    child::kill_myself();
}

// args: board, call, error, "always" or "once", which of the dead's doors.
CROSSWAKE_ROLE(meet_the_refusal) {
    // By the pipe alone nobody is reached who cannot be opened.
    if (const char* const bell = std::getenv("CROSSWAKE_BELL"); bell != nullptr && std::string(bell) == "pipe")
        set_environment("CROSSWAKE_BELL", "");
    named<board> b{open_only, args[0]};
    reactor r;
    poll_loop loop{r};
    (args[3] == "always" ? refuse_call : refuse_call_once)(args[1], args[2]);

    if (!works_or_is_refused([&] { named<board>{open_only, args[0]}; }))
        return 1;
    if (!works_or_is_refused([&] { named<queue<int>>{create_only, args[0] + "-more", 100}; }))
        return 2;
    if (!works_or_is_refused([] { reactor{}; }))
        return 3;
    if (!is_usable(*b))
        return 4;
    if (b->of_the_dead[std::stoul(args[4])].lock() != lock_status::acquired_from_dead_owner)
        return 5;
    // Who waits long for a lock needs more of the kernel; those calls are met here.
    const owner_check_each from_here_on(50ms);
    for (const std::string needed : {"ppoll", "pipe2", "epoll_create1", "pidfd_open", "memfd_create"})
        if (args[1] == needed && b->of_the_living.try_lock_for(150ms))
            return 8;
    b->to_parent.release();
    // The tests' own loop sleeps in poll.
    if (args[1] != "poll") {
        semaphore::acquire_operation op{b->to_child};
        remembered p;
        std::error_code error;
        const auto started = r.start(p, op, error);
        if (started == start_result::failed && !error)
            return 6;
        if (started == start_result::waiting)
            loop.run_until([&] { return p.is_over(); });
        if (started == start_result::failed)
            b->to_child.acquire();
    } else {
        b->to_child.acquire();
    }
    if (!is_usable(*b))
        return 7;
    std::_Exit(0); // without the ends of static objects, which may be refused what they need
}

CROSSWAKE_ROLE(create_and_die) {
    named<semaphore> s{create_only, args[0]};
    child::kill_myself();
}

// In a memory of its own, so that nobody else's sweep removes the dead object.
CROSSWAKE_ROLE(meet_a_dead_object_without_the_means) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    child{"create_and_die", {args[0]}}.wait();
    refuse_call(args[1], "ENOMEM");
    for (const bool may_create : {false, true})
        try {
            if (may_create)
                named<semaphore>{open_or_create, args[0]};
            else
                named<semaphore>{open_only, args[0]};
            return 1;
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::not_enough_memory)
                return 2;
        }
    std::_Exit(0);
}

TEST_CASE("a dead object that cannot be removed is an error, and no endless search") {
    for (const std::string call : {"unlink", "newfstatat", "flock"}) {
        CAPTURE(call);
        child c{"meet_a_dead_object_without_the_means", {fresh_name(), call}};
        if (const int code = c.wait(); permitted(code))
            CHECK(code == 0);
    }
}

TEST_CASE("whichever call the kernel refuses, and however: an error or another way, and the object works on" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<board> b{create_only, name};
    child{"lock_all_and_die", {name}}.wait();
    b->of_the_living.lock();
    std::size_t door = 0;
    for (const auto& call : kernel_calls())
        for (const auto& error : kernel_errors()) {
            // Of a pipe this is no refusal: it is full, and its reader awake.
            if (call == "pwritev2" && error == "EAGAIN")
                continue;
            // A call that is interrupted for ever is none that anybody has seen.
            const std::string how = error == "EINTR" ? "once" : "always";
            CAPTURE(call);
            CAPTURE(error);
            REQUIRE(door < std::size(b->of_the_dead));
            child c{"meet_the_refusal", {name, call, error, how, std::to_string(door)}};
            waiter w{both_ways[door % 2]};
            ++door;
            // Nobody can wake a blocked thread without the call for it: such a one looks up by itself.
            const bool is_mute = call == "futex";
            set_recheck_interval(is_mute ? 1ms : std::chrono::hours(1));
            semaphore::acquire_operation op{b->to_parent};
            CHECK(w.wait(op) == wait_result::done);
            b->to_child.release();
            CHECK(c.wait() == 0);
            b->flag.reset();
        }
    sweep(); // what the refused could not remove
}
