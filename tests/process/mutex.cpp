// A mutex between processes.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct counter {
    mutex door;
    long value = 0; // not atomic: the mutex is what makes it add up
};

struct contest {
    mutex door;
    semaphore go;
    semaphore about_to;
    semaphore had_it;
};

unique_lock lock_with(waiter& w, mutex& m) {
    mutex::lock_operation op{m};
    (void)w.wait(op);
    return op.guard();
}

} // namespace

CROSSWAKE_ROLE(count) {
    waiter w{args[0]};
    named<counter> c{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        const auto hold = lock_with(w, c->door);
        c->value = c->value + 1;
    }
    return 0;
}

// args: way, contest, how often.
CROSSWAKE_ROLE(lock_when_told) {
    waiter w{args[0]};
    named<contest> c{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        c->go.acquire();
        c->about_to.release();
        { const auto hold = lock_with(w, c->door); }
        c->had_it.release();
    }
    return 0;
}

CROSSWAKE_ROLE(meet_a_held_mutex) {
    waiter w{args[0]};
    named<mutex> m{open_only, args[1]};
    if (m->try_lock())
        return 1;
    const auto begin = std::chrono::steady_clock::now();
    mutex::lock_operation op{*m};
    if (w.wait(op, deadline::after(30ms)) != wait_result::timed_out)
        return 2;
    if (std::chrono::steady_clock::now() - begin < 30ms)
        return 3;
    for (const auto& forbidden : {&mutex::unlock, &mutex::mark_sound})
        try {
            ((*m).*forbidden)();
            return 4;
        } catch (const std::system_error& e) {
            if (e.code() != errc::operation_not_permitted)
                return 5;
        }
    return m->try_lock() ? 6 : 0;
}

// args: the lock that it takes and keeps, and how it is told to end.
CROSSWAKE_ROLE(lock_until_told) {
    named<contest> c{open_only, args[0]};
    c->door.lock();
    c->about_to.release();
    c->go.acquire();
    return 0;
}

CROSSWAKE_ROLE(lock_and_tell_how) {
    named<mutex> m{open_only, args[0]};
    unique_lock hold{*m};
    return static_cast<int>(hold.status());
}

TEST_CASE("what is done under the lock by many processes adds up") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<counter> c{create_only, name};
        constexpr int times = 5000;
        std::vector<child> children;
        for (int i = 0; i < 4; ++i)
            children.emplace_back("count", std::vector<std::string>{way, name, std::to_string(times)});
        for (auto& one : children)
            CHECK(one.wait() == 0);
        CHECK(c->value == 4 * times);
        CHECK(c->door.is_sound());
    }
}

TEST_CASE("unlocking wakes a process that sleeps for the lock") {
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 1500);
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<contest> c{create_only, name};
        child other{"lock_when_told", {way, name, std::to_string(rounds)}};
        for (auto n = rounds; n-- > 0;) {
            c->door.lock();
            c->go.release();
            c->about_to.acquire();
            until_asleep(other.pid());
            CHECK(c->had_it.available() == 0);
            c->door.unlock();
            c->had_it.acquire();
        }
        CHECK(other.wait() == 0);
    }
}

TEST_CASE("while one process has the lock another gets it neither now nor later, and may not unlock it") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<mutex> m{create_only, name};
        m->lock();
        child c{"meet_a_held_mutex", {way, name}};
        CHECK(c.wait() == 0);
        m->unlock();
        CHECK(m->try_lock() == lock_status::acquired);
        m->unlock();
    }
}

TEST_CASE("what one thread locked another thread of the process unlocks, for other processes too") {
    const auto name = fresh_name();
    named<mutex> m{create_only, name};
    unique_lock hold{*m};
    std::thread([other = std::move(hold)]() mutable { other.unlock(); }).join();
    child c{"lock_and_tell_how", {name}};
    CHECK(c.wait() == static_cast<int>(lock_status::acquired));
}

TEST_CASE("a process that unlocked and ended leaves a sound mutex") {
    const auto name = fresh_name();
    named<mutex> m{create_only, name};
    child c{"lock_and_tell_how", {name}};
    CHECK(c.wait() == static_cast<int>(lock_status::acquired));
    CHECK(m->lock() == lock_status::acquired);
    m->unlock();
}

// Where the system tells of a process's death there is nothing to look at. A blocked thread looks once, as most waits
// do not take that long.
TEST_CASE("who waits long for a lock does not look again and again whether its owner lives") {
    const owner_check_each while_here(50ms);
    for (const bool is_mine : {true, false})
        for (const auto* const way : both_ways) {
            CAPTURE(is_mine);
            CAPTURE(way);
            const auto name = fresh_name();
            named<contest> c{create_only, name};
            std::optional<child> owner;
            if (is_mine)
                c->door.lock();
            else
                owner.emplace("lock_until_told", role_arguments{name});
            if (!is_mine)
                c->about_to.acquire();
            waiter w{way};
            mutex::lock_operation op{c->door};
            const auto before = wake_up_count();
            CHECK(w.wait(op, deadline::after(1s)) == wait_result::timed_out);
            CHECK(wake_up_count() - before <= 4);
            c->go.release();
            if (is_mine)
                c->door.unlock();
        }
}

namespace {

/// Descriptors (handles) that whoever listens for the death of a lock's owner has more than others.
std::size_t cost_of_listening(mutex& held) {
    CHECK_FALSE(held.try_lock()); // what the first question costs stays
    const auto before = descriptor_count();
    reactor r;
    const begun_wait<mutex::lock_operation> w{r, held};
    REQUIRE(w.is_waiting());
    return descriptor_count() - before;
}

} // namespace

TEST_CASE("who has waited long for a lock hears at once of its owner's death") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        owner_check_each while_here(50ms); // a blocked thread looks once before it listens
        const auto name = fresh_name();
        named<contest> c{create_only, name};
        child owner{"lock_until_told", {name}};
        c->about_to.acquire();
        const auto cost = cost_of_listening(c->door);
        const auto handles = descriptor_count();
        std::atomic<bool> is_told{false};
        std::thread heir([&] {
            waiter w{way};
            const auto hold = lock_with(w, c->door);
            is_told = hold.status() == lock_status::acquired_from_dead_owner;
        });
        while (descriptor_count() < handles + cost)
            std::this_thread::yield();
        // It listens now; and if it did not, it would have looked for the last time before this is over.
        while_here.become(1h);
        CHECK_FALSE(c->had_it.try_acquire_for(200ms));
        owner.kill();
        heir.join();
        CHECK(is_told);
    }
}
