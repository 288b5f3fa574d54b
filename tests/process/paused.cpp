// Processes that are stopped: they live, keep what they hold, and mute nobody.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct place {
    mutex door;
    semaphore inside;
    semaphore leave;
};

struct stream {
    semaphore permits;
    event opened;
    std::atomic<std::uint64_t> taken{0};
    std::atomic<bool> over{false};
};

} // namespace

CROSSWAKE_ROLE(lock_until_told) {
    named<place> p{open_only, args[0]};
    p->door.lock();
    p->inside.release();
    p->leave.acquire();
    p->door.unlock();
    return 0;
}

CROSSWAKE_ROLE(try_to_lock_for_a_while) {
    waiter w{args[0]};
    named<place> p{open_only, args[1]};
    mutex::lock_operation op{p->door};
    const owner_check_each from_here_on(50ms); // the time is for several
    return w.wait(op, deadline::after(350ms)) == wait_result::timed_out ? 0 : 1;
}

// args: way, stream, "permit" or "event".
CROSSWAKE_ROLE(take_all_that_comes) {
    waiter w{args[0]};
    named<stream> s{open_only, args[1]};
    while (!s->over.load()) {
        semaphore::acquire_operation permit{s->permits};
        event::wait_operation opened{s->opened};
        if (w.wait(args[2] == "permit" ? static_cast<operation&>(permit) : opened) != wait_result::done)
            return 1;
        ++s->taken;
    }
    return 0;
}

// Wakes the taker again and again, each time when it has taken what was there before and may have fallen asleep.
CROSSWAKE_ROLE(give_one_by_one) {
    named<stream> s{open_only, args[0]};
    for (;;) {
        const auto before = s->taken.load();
        args[1] == "permit" ? s->permits.release() : s->opened.set();
        while (s->taken.load() == before)
            std::this_thread::yield();
    }
}

CROSSWAKE_ROLE(push_numbers) {
    named<queue<int>> q{open_only, args[0]};
    for (int i = 0;; ++i)
        q->push(i);
}

CROSSWAKE_ROLE(pop_numbers) {
    named<queue<int>> q{open_only, args[0]};
    for (;;)
        (void)q->pop();
}

TEST_CASE("a stopped owner keeps its lock: another process waits in vain, and gets it soundly afterwards") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<place> p{create_only, name};
        child owner{"lock_until_told", {name}};
        p->inside.acquire();
        owner.stop();
        child other{"try_to_lock_for_a_while", {way, name}};
        CHECK(other.wait() == 0);
        owner.resume();
        p->leave.release();
        CHECK(p->door.lock() == lock_status::acquired);
        p->door.unlock();
        CHECK(owner.wait() == 0);
    }
}

// A waker that is stopped between its change and its ring has told nobody. Whoever wakes next must not be fooled by
// what the stopped one left half done.
TEST_CASE("a waker stopped at any moment mutes no other: the next wake-up reaches the sleeper") {
    const auto stops = knob("CROSSWAKE_TEST_STOPS", 300);
    auto random = generator();
    for (const std::string what : {"permit", "event"})
        for (const auto* const way : both_ways) {
            CAPTURE(what);
            CAPTURE(way);
            const auto name = fresh_name();
            named<stream> s{create_only, name};
            child taker{"take_all_that_comes", {way, name, what}};
            child giver{"give_one_by_one", {name, what}};
            for (auto n = stops; n-- > 0;) {
                const auto before = s->taken.load();
                while (s->taken.load() < before + random() % 4)
                    std::this_thread::yield();
                dawdle(random, 300);
                giver.stop();
                what == "permit" ? s->permits.release() : s->opened.set();
                // Everything that is there gets taken, or this never ends.
                while (what == "permit" ? s->permits.available() > 0 : s->opened.is_set())
                    std::this_thread::yield();
                giver.resume();
            }
            giver.kill();
            s->over.store(true);
            what == "permit" ? s->permits.release() : s->opened.set();
            CHECK(taker.wait() == 0);
        }
}

TEST_CASE("a producer stopped at any moment leaves the other end of the queue to the others") {
    const auto stops = knob("CROSSWAKE_TEST_STOPS", 300);
    auto random = generator();
    const auto name = fresh_name();
    named<queue<int>> q{create_only, name, 8};
    child producer{"push_numbers", {name}};
    int next = 0;
    for (auto n = stops; n-- > 0;) {
        for (auto more = random() % 20; more-- > 0;)
            CHECK(q->pop() == next++);
        dawdle(random, 300);
        producer.stop();
        while (const auto got = q->try_pop())
            CHECK(*got == next++);
        CHECK(q->empty());
        CHECK_FALSE(q->pop_for(1us));
        producer.resume();
    }
    producer.kill();
}

TEST_CASE("a consumer stopped at any moment leaves the other end of the queue to the others") {
    const auto stops = knob("CROSSWAKE_TEST_STOPS", 300);
    auto random = generator();
    const auto name = fresh_name();
    named<queue<int>> q{create_only, name, 8};
    child consumer{"pop_numbers", {name}};
    for (auto n = stops; n-- > 0;) {
        for (auto more = random() % 20; more-- > 0;)
            q->push(1);
        dawdle(random, 300);
        consumer.stop();
        while (q->try_push(2)) {
        }
        CHECK(q->size() == 8);
        consumer.resume();
    }
    consumer.kill();
}
