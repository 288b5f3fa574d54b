// What costs no system call: operations for which nobody waits.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct everything {
    semaphore permits;
    event one{reset_mode::automatic};
    event all{reset_mode::manual};
    mutex door;
    queue<int, 4> items;
};

/// Each operation once, where each finds what it needs.
bool use(everything& e) {
    e.permits.release();
    e.one.set();
    e.all.set();
    e.items.push(1);
    bool ok = e.permits.try_acquire() && e.one.try_wait() && e.items.pop() == 1;
    e.all.wait();
    e.all.reset();
    ok = ok && e.door.lock() == lock_status::acquired;
    e.door.unlock();
    return ok;
}

/// Has somebody sleep for everything there is, and pass.
void fall_asleep_in_each(everything& e, const std::string& way) {
    semaphore::acquire_operation permit{e.permits};
    event::wait_operation one{e.one};
    event::wait_operation all{e.all};
    mutex::lock_operation door{e.door};
    detail::pop_operation<int> item{e.items.ref()};
    operation* const each[] = {&permit, &one, &all, &door, &item};
    e.door.lock();
    for (auto* const op : each) {
        sleeper s([&] {
            waiter w{way};
            (void)w.wait(*op);
        });
        s.until_asleep();
        if (op == &permit)
            e.permits.release();
        else if (op == &one)
            e.one.set();
        else if (op == &all)
            e.all.set();
        else if (op == &door)
            e.door.unlock();
        else
            e.items.push(1);
        s.join();
    }
    e.door.unlock();
    e.all.reset();
}

} // namespace

// args: object, way of the sleepers that were there before, how often.
CROSSWAKE_ROLE(use_without_system_calls) {
    named<everything> e{open_only, args[0]};
    const auto times = std::stoul(args[2]);
    fall_asleep_in_each(*e, args[1]);
    // Whoever slept has left its announcement behind; the first who comes afterwards finds nobody, and clears it away.
    if (!use(*e))
        return 1;
    forbid_system_calls();
    bool ok = true;
    for (auto n = times; n-- > 0;)
        ok = use(*e) && ok;
    std::_Exit(ok ? 0 : 1);
}

CROSSWAKE_ROLE(wake_a_sleeper_without_system_calls) {
    named<everything> e{open_only, args[0]};
    forbid_system_calls();
    e->permits.release();
    std::_Exit(0);
}

CROSSWAKE_ROLE(acquire_one) {
    named<everything> e{open_only, args[0]};
    e->one.set();
    e->permits.acquire();
    return 0;
}

TEST_CASE("operations for which nobody waits make no system call, even where somebody has waited before" *
          doctest::skip(is_instrumented)) {
    const auto times = knob("CROSSWAKE_TEST_ROUNDS", 300'000);
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<everything> e{create_only, name};
        child c{"use_without_system_calls", {name, way, std::to_string(times)}};
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("waking a sleeper does make a system call, which the test above would notice") {
    const auto name = fresh_name();
    named<everything> e{create_only, name};
    child asleep{"acquire_one", {name}};
    e->one.wait();
    until_asleep(asleep.pid());
    child waker{"wake_a_sleeper_without_system_calls", {name}};
    CHECK(waker.wait() == killed_by_forbidden_call());
    // It was killed after it had changed the count, and before anybody was told.
    e->permits.release();
    CHECK(asleep.wait() == 0);
}
