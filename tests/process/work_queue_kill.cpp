// A work queue whose takers die, stop, or leave with items in hand: no item is lost, and none is in two hands.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t most_items = 1 << 16;

/// Large, so that much of the time is spent on copying.
struct crate {
    std::uint32_t number = 0;
    std::array<std::uint32_t, 127> load{};

    static crate make(std::uint32_t number) {
        crate c{number, {}};
        c.load.fill(number * 0x9e37'79b9u);
        return c;
    }
    [[nodiscard]] bool is_whole() const { return number < most_items && load == make(number).load; }
};

using crates = work_queue<crate, 8>;

/// What became of one item.
struct ledger {
    std::atomic<std::uint32_t> worker{0};    // who says that it has it in hand
    std::atomic<std::uint32_t> given{0};     // how often somebody said so
    std::atomic<std::uint32_t> confirmed{0}; // how often somebody came back from confirm()
};

struct yard {
    crates q;
    std::atomic<std::uint32_t> confirmed{0};
    std::atomic<std::uint32_t> pushed{0}; // by the pusher that is to be killed, for certain
    std::array<ledger, most_items> items;
};

struct hand {
    work_queue<int, 4> q;
    semaphore taken;
    semaphore go;
};

enum verdict { fine = 0, torn = 1, two_hands = 2, not_told = 3, again = 4, broken = 5 };

template <class T>
delivery<T> take_with(waiter& w, detail::work_queue_ref<T> q) {
    detail::take_operation<T> op{q};
    return w.wait(op) == wait_result::done && op.error == errc{} ? op.delivery() : delivery<T>();
}

void never_destroy(delivery<int> d) {
    alignas(delivery<int>) static std::byte place[sizeof(delivery<int>)];
    ::new (static_cast<void*>(place)) delivery<int>(std::move(d));
}

} // namespace

// args: way, yard
CROSSWAKE_ROLE(work_until_closed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<yard> y{open_only, args[1]};
    while (auto d = take_with(w, y->q.ref())) {
        if (!d.item().is_whole())
            return torn;
        auto& entry = y->items[d.item().number];
        auto me = own_process();
        entry.worker.store(me);
        if (entry.confirmed.load() != 0)
            return again;
        if (entry.given.fetch_add(1) != 0 && d.redelivered() == 0)
            return not_told;
        if (!entry.worker.compare_exchange_strong(me, 0))
            return two_hands; // somebody else says so, and this one lives
        d.confirm();
        entry.confirmed.fetch_add(1);
        y->confirmed.fetch_add(1);
    }
    return fine;
}

CROSSWAKE_ROLE(push_until_killed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<yard> y{open_only, args[1]};
    for (std::uint32_t i = static_cast<std::uint32_t>(std::stoul(args[2]));; ++i) {
        detail::push_operation<crate, detail::work_queue_ref<crate>> op{y->q.ref(), crate::make(i)};
        if (w.wait(op) != wait_result::done || op.error != errc{})
            return broken;
        y->pushed.store(i + 1);
    }
}

// args: hand
CROSSWAKE_ROLE(take_and_stay) {
    named<hand> h{open_only, args[0]};
    auto d = h->q.take();
    h->taken.release();
    h->go.acquire();
    d.confirm();
    return 0;
}

CROSSWAKE_ROLE(take_and_leave_without_a_word) {
    named<hand> h{open_only, args[0]};
    auto d = h->q.take();
    const bool has_it = d.holds();
    never_destroy(std::move(d));
    return has_it ? 0 : 1;
}

CROSSWAKE_ROLE(take_and_close_the_handle) {
    named<semaphore> stay{open_only, args[1]};
    {
        named<hand> h{open_only, args[0]};
        never_destroy(h->q.take());
    }
    stay->acquire();
    return 0;
}

// args: way, hand. Returns the item that came, and 10 for each time that it came before.
CROSSWAKE_ROLE(take_one) {
    waiter w{args[0]};
    named<hand> h{open_only, args[1]};
    h->taken.release();
    auto d = take_with(w, h->q.ref());
    if (!d)
        return 99;
    d.confirm();
    return d.item() + 10 * static_cast<int>(d.redelivered());
}

TEST_CASE("when its taker is killed, an item goes to another that sleeps, who is told") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<hand> h{create_only, name};
        h->q.push(7);
        child victim{"take_and_stay", {name}};
        h->taken.acquire();
        child next{"take_one", {way, name}};
        h->taken.acquire();
        until_asleep(next.pid());
        CHECK_FALSE(h->q.try_take());
        victim.kill();
        CHECK(next.wait() == 17);
        CHECK(h->q.empty());
    }
}

TEST_CASE("an item whose taker ends, or closes its last handle, without confirming goes to another") {
    const auto name = fresh_name();
    const auto stay_name = fresh_name();
    named<hand> h{create_only, name};
    named<semaphore> stay{create_only, stay_name};
    h->q.push(1);
    child ends{"take_and_leave_without_a_word", {name}};
    CHECK(ends.wait() == 0);
    auto d = h->q.take();
    CHECK(d.item() == 1);
    CHECK(d.redelivered() == 1);
    d.put_back();
    child closes{"take_and_close_the_handle", {name, stay_name}};
    while (h->q.in_hand() == 0)
        std::this_thread::yield();
    d = h->q.take();
    CHECK(d.item() == 1);
    CHECK(d.redelivered() == 3);
    d.confirm();
    stay->release();
    CHECK(closes.wait() == 0);
}

TEST_CASE("a stopped taker keeps its item, whatever others try, and confirms it when it goes on") {
    const auto name = fresh_name();
    named<hand> h{create_only, name};
    h->q.push(1);
    child stopped{"take_and_stay", {name}};
    h->taken.acquire();
    stopped.stop();
    h->q.push(2);
    auto two = h->q.take();
    CHECK(two.item() == 2);
    CHECK_FALSE(h->q.take_for(250ms)); // several looks
    CHECK(h->q.in_hand() == 2);
    two.confirm();
    stopped.resume();
    h->go.release();
    CHECK(stopped.wait() == 0);
    CHECK(h->q.empty());
}

TEST_CASE("a closed work queue is not over while a killed taker's item is to come") {
    const auto name = fresh_name();
    named<hand> h{create_only, name};
    h->q.push(1);
    child victim{"take_and_stay", {name}};
    h->taken.acquire();
    h->q.close();
    CHECK_FALSE(h->q.take_for(1ms));
    victim.kill();
    std::error_code error;
    auto d = h->q.take(error);
    CHECK(d.item() == 1);
    d.confirm();
    CHECK_FALSE(h->q.take(error));
    CHECK(error == errc::closed);
}

TEST_CASE("consumers killed at any moment lose no item, and no item is in two hands") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<yard> y{create_only, name};
        const auto another = [&] { return child{"work_until_closed", {way, name}}; };
        std::vector<child> crowd;
        for (int i = 0; i < 3; ++i)
            crowd.push_back(another());
        std::uint32_t pushed = 0;
        for (auto n = kills; n-- > 0;) {
            for (auto more = 1 + random() % 20; more-- > 0 && pushed < most_items;)
                y->q.push(crate::make(pushed++));
            dawdle(random);
            crowd.front().kill();
            crowd.erase(crowd.begin());
            crowd.push_back(another());
        }
        y->q.close();
        for (auto& c : crowd)
            CHECK(c.wait() == fine);
        std::uint32_t in_doubt = 0; // killed between confirm() and the note that it was done
        for (std::uint32_t i = 0; i < pushed; ++i) {
            CHECK(y->items[i].given.load() >= 1);
            CHECK(y->items[i].confirmed.load() <= 1);
            in_doubt += y->items[i].confirmed.load() == 0 ? 1u : 0u;
        }
        CHECK(in_doubt <= kills);
        CHECK(y->q.empty());
    }
}

TEST_CASE("producers killed at any moment have put each item in whole or not at all") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<yard> y{create_only, name};
        std::uint32_t next = 0;
        for (auto n = kills; n-- > 0;) {
            y->pushed.store(next);
            child victim{"push_until_killed", {way, name, std::to_string(next)}};
            const auto receive = [&](delivery<crate> d) {
                CHECK(d.item().is_whole());
                CHECK(d.item().number == next++);
                CHECK(d.redelivered() == 0);
                d.confirm();
            };
            for (auto enough = random() % 30; enough-- > 0;)
                receive(y->q.take());
            dawdle(random);
            victim.kill();
            while (auto d = y->q.try_take())
                receive(std::move(d));
            CHECK(next >= y->pushed.load());
            CHECK(next <= y->pushed.load() + 1);
        }
    }
}
