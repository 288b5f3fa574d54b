// A queue between processes.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t producers = 4;
constexpr std::uint32_t items_each = 4000;

/// Large enough that a torn copy shows.
struct parcel {
    std::uint32_t producer = 0;
    std::uint32_t number = 0;
    alignas(8) std::array<std::uint64_t, 11> load{}; // in 32-bit processes too

    static parcel make(std::uint32_t producer, std::uint32_t number) {
        parcel p{producer, number, {}};
        for (std::uint32_t i = 0; i < p.load.size(); ++i)
            p.load[i] = (std::uint64_t{producer} << 48 | std::uint64_t{number} << 8 | i) * 0x9e37'79b9'7f4a'7c15;
        return p;
    }
    [[nodiscard]] bool is_whole() const { return load == make(producer, number).load; }
};

/// How often each item came out.
struct ledger {
    std::atomic<std::uint8_t> received[producers][items_each];
};

using parcels = queue<parcel>;

wait_result push_with(waiter& w, parcels& q, const parcel& p, errc& error) {
    detail::push_operation<parcel> op{q.ref(), p};
    const auto result = w.wait(op);
    error = op.error;
    return result;
}

} // namespace

CROSSWAKE_ROLE(produce) {
    waiter w{args[0]};
    named<parcels> q{open_only, args[1]};
    const auto me = static_cast<std::uint32_t>(std::stoul(args[2]));
    for (std::uint32_t i = 0; i < items_each; ++i) {
        errc error{};
        if (push_with(w, *q, parcel::make(me, i), error) != wait_result::done || error != errc{})
            return 1;
    }
    return 0;
}

CROSSWAKE_ROLE(consume) {
    waiter w{args[0]};
    named<parcels> q{open_only, args[1]};
    named<ledger> book{open_only, args[2]};
    std::array<std::int64_t, producers> last{};
    last.fill(-1);
    for (;;) {
        detail::pop_operation<parcel> op{q->ref()};
        if (w.wait(op) != wait_result::done)
            return 1;
        if (op.error == errc::closed)
            return 0;
        const parcel& p = op.item();
        if (p.producer >= producers || p.number >= items_each || !p.is_whole())
            return 2;
        if (p.number <= last[p.producer])
            return 3;
        last[p.producer] = p.number;
        ++book->received[p.producer][p.number];
    }
}

// args: way, queue, semaphore "about to wait". The exit code says how the wait ended.
CROSSWAKE_ROLE(pop_one) {
    waiter w{args[0]};
    named<queue<int>> q{open_only, args[1]};
    named<semaphore> about_to{open_only, args[2]};
    detail::pop_operation<int> op{q->ref()};
    about_to->release();
    if (w.wait(op) != wait_result::done)
        return 1;
    return op.error == errc::closed ? 20 : op.error == errc{} ? op.item() : 2;
}

CROSSWAKE_ROLE(push_one) {
    waiter w{args[0]};
    named<queue<int>> q{open_only, args[1]};
    named<semaphore> about_to{open_only, args[2]};
    detail::push_operation<int> op{q->ref(), 11};
    about_to->release();
    if (w.wait(op) != wait_result::done)
        return 1;
    return op.error == errc::closed ? 20 : op.error == errc{} ? 0 : 2;
}

CROSSWAKE_ROLE(try_both_ends_for_a_while) {
    named<queue<int>> empty{open_only, args[0]};
    named<queue<int>> full{open_only, args[1]};
    const auto begin = std::chrono::steady_clock::now();
    if (empty->pop_for(20ms) || full->push_for(20ms, 1))
        return 1;
    if (std::chrono::steady_clock::now() - begin < 40ms)
        return 2;
    return empty->size() == 0 && full->size() == 1 ? 0 : 3;
}

TEST_CASE("four producers and four consumers: each item arrives once, whole, and in its producer's order") {
    // Producers block and consumers await, and the other way round; a small queue keeps both ends asleep often.
    for (const bool swapped : {false, true})
        for (const std::size_t capacity : {1U, 7U, 64U}) {
            CAPTURE(swapped);
            CAPTURE(capacity);
            if (capacity == 1 && swapped)
                continue; // each item costs a switch: once is enough
            const auto name = fresh_name();
            const auto book_name = fresh_name();
            named<parcels> q{create_only, name, capacity};
            named<ledger> book{create_only, book_name};
            std::vector<child> sending;
            std::vector<child> receiving;
            for (std::uint32_t i = 0; i < producers; ++i) {
                receiving.emplace_back("consume", std::vector<std::string>{
                                                      (i % 2 == 0) != swapped ? "awaits" : "blocks", name, book_name});
                sending.emplace_back("produce", std::vector<std::string>{(i % 2 == 0) != swapped ? "blocks" : "awaits",
                                                                         name, std::to_string(i)});
            }
            for (auto& c : sending)
                CHECK(c.wait() == 0);
            q->close();
            for (auto& c : receiving)
                CHECK(c.wait() == 0);
            std::size_t once = 0;
            for (const auto& row : book->received)
                for (const auto& n : row)
                    once += static_cast<std::size_t>(n == 1);
            CHECK(once == std::size_t{producers} * items_each);
            CHECK(q->empty());
        }
}

TEST_CASE("a push wakes a process that sleeps for an item, and a pop one that sleeps for room") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto ready = fresh_name();
        named<queue<int>> q{create_only, name, 1};
        named<semaphore> about_to{create_only, ready};
        child taker{"pop_one", {way, name, ready}};
        about_to->acquire();
        until_asleep(taker.pid());
        q->push(7);
        CHECK(taker.wait() == 7);

        q->push(1);
        child giver{"push_one", {way, name, ready}};
        about_to->acquire();
        until_asleep(giver.pid());
        CHECK(q->pop() == 1);
        CHECK(giver.wait() == 0);
        CHECK(q->pop() == 11);
    }
}

TEST_CASE("close ends the waits of every process, at both ends") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto empty_name = fresh_name();
        const auto full_name = fresh_name();
        const auto ready = fresh_name();
        named<queue<int>> empty{create_only, empty_name, 1};
        named<queue<int>> full{create_only, full_name, 1};
        named<semaphore> about_to{create_only, ready};
        full->push(1);
        std::vector<child> children;
        for (int i = 0; i < 3; ++i) {
            children.emplace_back("pop_one", std::vector<std::string>{way, empty_name, ready});
            children.emplace_back("push_one", std::vector<std::string>{way, full_name, ready});
        }
        for (std::size_t i = 0; i < children.size(); ++i)
            about_to->acquire();
        for (const auto& c : children)
            until_asleep(c.pid());
        empty->close();
        full->close();
        for (auto& c : children)
            CHECK(c.wait() == 20);
    }
}

TEST_CASE("what was in a queue when it was closed is still taken by another process") {
    const auto name = fresh_name();
    const auto ready = fresh_name();
    named<queue<int>> q{create_only, name, 2};
    named<semaphore> about_to{create_only, ready};
    q->push(5);
    q->close();
    child first{"pop_one", {"blocks", name, ready}};
    CHECK(first.wait() == 5);
    child second{"pop_one", {"awaits", name, ready}};
    CHECK(second.wait() == 20);
}

TEST_CASE("timed waits in another process give up at both ends, not early, and change nothing") {
    const auto empty_name = fresh_name();
    const auto full_name = fresh_name();
    named<queue<int>> empty{create_only, empty_name, 1};
    named<queue<int>> full{create_only, full_name, 1};
    full->push(3);
    child c{"try_both_ends_for_a_while", {empty_name, full_name}};
    CHECK(c.wait() == 0);
    CHECK(full->pop() == 3);
}
