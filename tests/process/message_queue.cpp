// A message queue between processes.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/message_queue.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t producers = 4;
constexpr std::uint32_t messages_each = 3000;

/// What stands at the front of each message; the rest follows from it.
struct label {
    std::uint32_t producer = 0;
    std::uint32_t number = 0;

    [[nodiscard]] std::size_t size() const { return sizeof(label) + number * std::size_t{7919} % 900; }
    [[nodiscard]] std::byte filling() const { return static_cast<std::byte>(producer * 64 + number % 61); }

    void write(std::span<std::byte> to) const {
        std::memcpy(to.data(), this, sizeof *this);
        std::fill(to.begin() + sizeof *this, to.end(), filling());
    }
    static label read(std::span<const std::byte> from) {
        label l;
        std::memcpy(&l, from.data(), std::min(sizeof l, from.size()));
        return l;
    }
    [[nodiscard]] bool is_on_whole(std::span<const std::byte> s) const {
        return s.size() == size() &&
               std::all_of(s.begin() + sizeof *this, s.end(), [this](std::byte b) { return b == filling(); });
    }
};

/// How often each message came out.
struct ledger {
    std::atomic<std::uint8_t> received[producers][messages_each];
};

reservation reserve_with(waiter& w, message_queue& q, std::size_t bytes, errc& error) {
    detail::reserve_operation op{q.ring(), bytes};
    if (w.wait(op) != wait_result::done)
        throw std::runtime_error("reserve");
    error = op.error;
    return op.error == errc{} ? op.reservation() : reservation();
}

message receive_with(waiter& w, message_queue& q, errc& error) {
    detail::receive_operation op{q.ring()};
    if (w.wait(op) != wait_result::done)
        throw std::runtime_error("receive");
    error = op.error;
    return op.error == errc{} ? op.message() : message();
}

} // namespace

CROSSWAKE_ROLE(send_labelled) {
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    const auto me = static_cast<std::uint32_t>(std::stoul(args[2]));
    for (std::uint32_t i = 0; i < messages_each; ++i) {
        const label l{me, i};
        errc error{};
        auto r = reserve_with(w, *q, l.size(), error);
        if (!r)
            return 1;
        l.write(r.data());
        r.commit();
    }
    return 0;
}

CROSSWAKE_ROLE(receive_labelled) {
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    named<ledger> book{open_only, args[2]};
    std::array<std::int64_t, producers> last{};
    last.fill(-1);
    for (;;) {
        errc error{};
        const auto m = receive_with(w, *q, error);
        if (error == errc::closed)
            return 0;
        if (!m || m.redelivered() != 0)
            return 1;
        const auto l = label::read(m.data());
        if (l.producer >= producers || l.number >= messages_each || !l.is_on_whole(m.data()))
            return 2;
        if (l.number <= last[l.producer])
            return 3;
        last[l.producer] = l.number;
        ++book->received[l.producer][l.number];
    }
}

// args: way, queue, semaphore "about to wait". The exit code says how the wait ended.
CROSSWAKE_ROLE(receive_one) {
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    named<semaphore> about_to{open_only, args[2]};
    about_to->release();
    errc error{};
    const auto m = receive_with(w, *q, error);
    return error == errc::closed ? 200 : error == errc{} ? static_cast<int>(m.size()) : 201;
}

CROSSWAKE_ROLE(reserve_one) {
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    named<semaphore> about_to{open_only, args[2]};
    about_to->release();
    errc error{};
    auto r = reserve_with(w, *q, static_cast<std::size_t>(std::stoul(args[3])), error);
    if (error != errc{})
        return error == errc::closed ? 200 : 201;
    r.commit();
    return 0;
}

// Has a message and a reservation, tells so, and goes on when told.
CROSSWAKE_ROLE(hold_one_of_each) {
    named<message_queue> q{open_only, args[0]};
    named<semaphore> about_to{open_only, args[1]};
    named<semaphore> go_on{open_only, args[2]};
    const auto m = q->receive();
    auto r = q->reserve(5);
    about_to->release();
    go_on->acquire();
    r.commit();
    return static_cast<int>(m.size());
}

TEST_CASE("four producers and four consumers: each message arrives once, whole, and in its producer's order") {
    // Producers block and consumers await, and the other way round; small queues keep both ends asleep often.
    for (const bool swapped : {false, true})
        for (const std::size_t capacity : {1024U, 20'000U}) {
            CAPTURE(swapped);
            CAPTURE(capacity);
            const auto name = fresh_name();
            const auto book_name = fresh_name();
            named<message_queue> q{create_only, name, capacity};
            named<ledger> book{create_only, book_name};
            std::vector<child> sending;
            std::vector<child> receiving;
            for (std::uint32_t i = 0; i < producers; ++i) {
                const bool awaits = (i % 2 == 0) != swapped;
                receiving.emplace_back("receive_labelled",
                                       std::vector<std::string>{awaits ? "awaits" : "blocks", name, book_name});
                sending.emplace_back("send_labelled",
                                     std::vector<std::string>{awaits ? "blocks" : "awaits", name, std::to_string(i)});
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
            CHECK(once == std::size_t{producers} * messages_each);
            CHECK(q->empty());
        }
}

TEST_CASE("a commit wakes a process that sleeps for a message, and a release those that sleep for room") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto ready = fresh_name();
        named<message_queue> q{create_only, name, 128};
        named<semaphore> about_to{create_only, ready};
        child taker{"receive_one", {way, name, ready}};
        about_to->acquire();
        until_asleep(taker.pid());
        q->reserve(7).commit();
        CHECK(taker.wait() == 7);

        q->reserve(128).commit();
        child small{"reserve_one", {way, name, ready, "1"}};
        about_to->acquire();
        until_asleep(small.pid());
        child large{"reserve_one", {way, name, ready, "65"}};
        about_to->acquire();
        until_asleep(large.pid());
        (void)q->receive();
        const auto first = q->receive().size();
        const auto second = q->receive().size();
        CHECK(first + second == 66);
        CHECK(small.wait() == 0);
        CHECK(large.wait() == 0);
    }
}

TEST_CASE("close ends the waits of every process, at both ends") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto empty_name = fresh_name();
        const auto full_name = fresh_name();
        const auto ready = fresh_name();
        named<message_queue> empty{create_only, empty_name, 64};
        named<message_queue> full{create_only, full_name, 64};
        named<semaphore> about_to{create_only, ready};
        full->reserve(64).commit();
        std::vector<child> children;
        for (int i = 0; i < 3; ++i) {
            children.emplace_back("receive_one", std::vector<std::string>{way, empty_name, ready});
            children.emplace_back("reserve_one", std::vector<std::string>{way, full_name, ready, "1"});
        }
        for (std::size_t i = 0; i < children.size(); ++i)
            about_to->acquire();
        for (const auto& c : children)
            until_asleep(c.pid());
        empty->close();
        full->close();
        for (auto& c : children)
            CHECK(c.wait() == 200);
    }
}

TEST_CASE(
    "after close, a receiver waits for what another process has reserved or on loan, and is told when it is over") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto ready = fresh_name();
        const auto leave = fresh_name();
        named<message_queue> q{create_only, name, 640};
        named<semaphore> about_to{create_only, ready};
        named<semaphore> go_on{create_only, leave};
        q->reserve(9).commit();
        child holder{"hold_one_of_each", {name, ready, leave}};
        about_to->acquire();
        q->close();
        std::error_code error;
        CHECK_FALSE(q->try_receive(error));
        CHECK_FALSE(error);
        child first{"receive_one", {way, name, ready}};
        child second{"receive_one", {way, name, ready}};
        about_to->acquire();
        about_to->acquire();
        until_asleep(first.pid());
        until_asleep(second.pid());
        go_on->release();
        CHECK(holder.wait() == 9);
        const auto one = first.wait();
        const auto other = second.wait();
        CHECK(std::min(one, other) == 5);
        CHECK(std::max(one, other) == 200);
    }
}

TEST_CASE(
    "a stopped process keeps its message and its reservation, and others go on beside it until the ring is full") {
    const auto name = fresh_name();
    const auto ready = fresh_name();
    const auto leave = fresh_name();
    named<message_queue> q{create_only, name, 640};
    named<semaphore> about_to{create_only, ready};
    named<semaphore> go_on{create_only, leave};
    q->reserve(9).commit();
    child holder{"hold_one_of_each", {name, ready, leave}};
    about_to->acquire();
    holder.stop();
    int more = 0;
    while (auto r = q->try_reserve(1)) {
        r.commit();
        CHECK(q->receive().size() == 1); // past the reservation
        ++more;
    }
    CHECK(more == 8);
    {
        const recheck_each while_here(20ms);
        CHECK_FALSE(q->reserve_for(250ms, 1)); // several looks at whether the holder lives
        CHECK_FALSE(q->receive_for(250ms));
    }
    holder.resume();
    go_on->release();
    CHECK(q->receive().size() == 5);
    CHECK(holder.wait() == 9);
    CHECK(q->try_reserve(640));
}

TEST_CASE("a forked child owns none of its parent's reservations and messages") {
    // A process of its own stands for the child: what it is told to end belongs to another.
    const auto name = fresh_name();
    named<message_queue> q{create_only, name, 640};
    q->reserve(3).commit();
    auto r = q->reserve(4);
    const auto m = q->receive();
    const auto ring = q->ring();
    auto& of_r = ring.slot(1);
    auto& of_m = ring.slot(0);
    const auto others = std::uint64_t{1} << 40;
    CHECK((of_r.state.load() & detail::owner_flags) == detail::message_slot::reserved);
    of_r.state.store(others | detail::message_slot::reserved);
    of_m.state.store(others | detail::message_slot::on_loan);
    CHECK_THROWS_AS(r.commit(), std::system_error);
    r.abort();
    CHECK(of_r.state.load() == (others | detail::message_slot::reserved));
    detail::message_claim of_another{&ring.core(), &of_m, nullptr, 3, 0};
    CHECK_FALSE(of_another.release());
    CHECK_FALSE(of_another.put_back());
    CHECK(of_m.state.load() == (others | detail::message_slot::on_loan));
}
