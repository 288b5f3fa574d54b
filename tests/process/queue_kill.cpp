// A queue whose users die inside.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

/// Large, so that much of the time is spent on copying.
struct crate {
    std::uint64_t number = 0;
    std::array<std::uint64_t, 63> load{};

    static crate make(std::uint64_t number) {
        crate c{number, {}};
        c.load.fill(number * 0x9e37'79b9'7f4a'7c15);
        return c;
    }
    [[nodiscard]] bool is_whole() const { return load == make(number).load; }
};

using crates = queue<crate, 8>;

struct dock {
    crates q;
    /// What the child that is to be killed has done for certain: counted after push or pop has returned.
    std::atomic<std::uint64_t> done{0};
};

constexpr std::uint64_t survivors = std::uint64_t{1} << 32; // the survivor's items count from here

void push_with(waiter& w, crates& q, std::uint64_t number) {
    detail::push_operation<crate> op{q.ref(), crate::make(number)};
    if (w.wait(op) != wait_result::done || op.error != errc{})
        throw std::system_error(op.error, "push");
}

} // namespace

CROSSWAKE_ROLE(push_until_killed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<dock> d{open_only, args[1]};
    for (std::uint64_t i = 0;; ++i) {
        push_with(w, d->q, i);
        d->done.store(i + 1);
    }
}

CROSSWAKE_ROLE(push_until_closed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<dock> d{open_only, args[1]};
    for (std::uint64_t i = survivors;; ++i) {
        detail::push_operation<crate> op{d->q.ref(), crate::make(i)};
        if (w.wait(op) != wait_result::done)
            return 1;
        if (op.error == errc::closed)
            return 0;
    }
}

CROSSWAKE_ROLE(pop_until_killed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<dock> d{open_only, args[1]};
    for (;;) {
        detail::pop_operation<crate> op{d->q.ref()};
        if (w.wait(op) != wait_result::done || op.error != errc{} || !op.item().is_whole())
            return 1;
        d->done.store(op.item().number + 1);
    }
}

TEST_CASE("a producer killed at any moment has put each item in whole or not at all, and others go on") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<dock> d{create_only, name};
        child survivor{"push_until_closed", {way, name}};
        std::uint64_t next_of_survivor = survivors;
        for (auto n = kills; n-- > 0;) {
            d->done.store(0);
            child victim{"push_until_killed", {way, name}};
            std::uint64_t next_of_victim = 0;
            bool all_whole = true;
            bool all_in_order = true;
            const auto receive = [&](const crate& c) {
                all_whole = all_whole && c.is_whole();
                auto& next = c.number < survivors ? next_of_victim : next_of_survivor;
                all_in_order = all_in_order && c.number == next++;
            };
            const auto enough = random() % 30;
            while (next_of_victim < enough)
                receive(d->q.pop());
            dawdle(random);
            victim.kill();
            // The survivor's next two items come after whatever the victim has put in.
            const auto until = next_of_survivor + d->q.capacity() + 2;
            while (next_of_survivor < until)
                receive(d->q.pop());
            CHECK(all_whole);
            CHECK(all_in_order);
            CHECK(next_of_victim >= d->done.load());
            CHECK(next_of_victim <= d->done.load() + 1);
        }
        d->q.close();
        CHECK(survivor.wait() == 0);
    }
}

TEST_CASE("a consumer killed at any moment takes one item to the grave at most, and the rest is in order") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<dock> d{create_only, name};
        std::uint64_t pushed = 0;
        for (auto n = kills; n-- > 0;) {
            d->done.store(pushed);
            child victim{"pop_until_killed", {way, name}};
            // More than fit: the last of them go in only because the victim takes others out.
            for (auto more = d->q.capacity() + random() % 30; more-- > 0;)
                d->q.push(crate::make(pushed++));
            dawdle(random);
            victim.kill();
            // What is left, and one item more.
            std::vector<crate> rest;
            while (!d->q.try_push(crate::make(pushed)))
                rest.push_back(d->q.pop());
            ++pushed;
            while (rest.empty() || rest.back().number + 1 != pushed)
                rest.push_back(d->q.pop());
            CHECK(rest.front().number >= d->done.load());
            CHECK(rest.front().number <= d->done.load() + 1);
            for (std::size_t i = 0; i < rest.size(); ++i) {
                CHECK(rest[i].number == rest.front().number + i);
                CHECK(rest[i].is_whole());
            }
            CHECK(d->q.empty());
        }
    }
}

TEST_CASE("a closed queue ends for its consumers though a producer was killed inside push") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (auto n = kills; n-- > 0;) {
        const auto name = fresh_name();
        named<dock> d{create_only, name};
        child victim{"push_until_killed", {"blocks", name}};
        while (d->done.load() < 8)
            std::this_thread::yield();
        dawdle(random, 500);
        (void)d->q.try_pop();
        victim.kill();
        d->q.close();
        std::error_code error;
        std::uint64_t received = 0;
        while (d->q.pop(error))
            ++received;
        CHECK(error == errc::closed);
        CHECK(received >= 7);
    }
}
