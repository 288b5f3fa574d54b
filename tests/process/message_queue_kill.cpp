// A message queue whose users die with reservations and messages in hand.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/message_queue.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t numbers = 1 << 16;
constexpr std::uint64_t survivors = std::uint64_t{1} << 32; // the survivor's messages count from here

/// What each process has done for certain.
struct dock {
    std::atomic<std::uint64_t> committed{0};          // by the child that is to be killed
    std::atomic<std::uint8_t> handled[numbers]{};     // by number: how often somebody was done with it,
    std::atomic<std::uint8_t> came_as_new[numbers]{}; // and how often it came without the word that it had come before
    std::atomic<std::uint64_t> torn{0};
    semaphore holds;
};

std::size_t size_of(std::uint64_t number) {
    return sizeof number + static_cast<std::size_t>(number % 1999);
}

void send(waiter& w, message_queue& q, std::uint64_t number) {
    detail::reserve_operation op{q.ring(), size_of(number)};
    if (w.wait(op) != wait_result::done || op.error != errc{})
        throw std::system_error(op.error, "reserve");
    auto r = op.reservation();
    std::memcpy(r.data().data(), &number, sizeof number);
    std::fill(r.data().begin() + sizeof number, r.data().end(), static_cast<std::byte>(number));
    r.commit();
}

void send_now(message_queue& q, std::uint64_t number) {
    waiter w{"blocks"};
    send(w, q, number);
}

std::uint64_t number_in(std::span<const std::byte> s, bool& is_whole) {
    std::uint64_t number = 0;
    std::memcpy(&number, s.data(), std::min(sizeof number, s.size()));
    is_whole = is_whole && s.size() == size_of(number) &&
               std::all_of(s.begin() + sizeof number, s.end(),
                           [number](std::byte b) { return b == static_cast<std::byte>(number); });
    return number;
}

void handle(dock& d, const message& m) {
    bool is_whole = true;
    const auto number = number_in(m.data(), is_whole);
    d.torn += is_whole ? 0 : 1;
    if (m.redelivered() == 0)
        ++d.came_as_new[number % numbers];
    ++d.handled[number % numbers];
}

} // namespace

CROSSWAKE_ROLE(send_until_killed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    named<dock> d{open_only, args[2]};
    for (std::uint64_t i = 0;; ++i) {
        send(w, *q, i);
        d->committed.store(i + 1);
    }
}

CROSSWAKE_ROLE(send_until_closed) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    try {
        for (std::uint64_t i = survivors;; ++i)
            send(w, *q, i);
    } catch (const std::system_error& e) {
        return e.code() == errc::closed ? 0 : 1;
    }
}

// Until it is killed, or the queue is closed and drained.
CROSSWAKE_ROLE(handle_messages) {
    set_recheck_interval(20ms);
    waiter w{args[0]};
    named<message_queue> q{open_only, args[1]};
    named<dock> d{open_only, args[2]};
    for (;;) {
        detail::receive_operation op{q->ring()};
        if (w.wait(op) != wait_result::done)
            return 1;
        if (op.error != errc{})
            return op.error == errc::closed ? 0 : 2;
        const auto m = op.message();
        handle(*d, m);
    }
}

// Takes a message and a reservation, tells so, and waits to be killed.
CROSSWAKE_ROLE(die_with_one_of_each) {
    named<message_queue> q{open_only, args[0]};
    named<dock> d{open_only, args[1]};
    const auto r = q->reserve(100);
    const auto m = q->receive();
    d->holds.release();
    for (;;)
        std::this_thread::yield();
}

TEST_CASE("a producer killed at any moment has sent each message whole or not at all, and others go on") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto dock_name = fresh_name();
        named<message_queue> q{create_only, name, 8000, 8};
        named<dock> d{create_only, dock_name};
        child survivor{"send_until_closed", {way, name}};
        std::uint64_t next_of_survivor = survivors;
        for (auto n = kills; n-- > 0;) {
            d->committed.store(0);
            child victim{"send_until_killed", {way, name, dock_name}};
            std::uint64_t next_of_victim = 0;
            bool all_whole = true;
            bool all_in_order = true;
            const auto receive = [&](const message& m) {
                const auto number = number_in(m.data(), all_whole);
                auto& next = number < survivors ? next_of_victim : next_of_survivor;
                all_in_order = all_in_order && number == next++ && m.redelivered() == 0;
            };
            const auto enough = random() % 30;
            while (next_of_victim < enough)
                receive(q->receive());
            dawdle(random);
            victim.kill();
            // The survivor's next ones come after whatever the victim has sent.
            const auto until = next_of_survivor + q->max_messages() + 2;
            while (next_of_survivor < until)
                receive(q->receive());
            CHECK(all_whole);
            CHECK(all_in_order);
            CHECK(next_of_victim >= d->committed.load());
            CHECK(next_of_victim <= d->committed.load() + 1);
        }
        q->close();
        CHECK(survivor.wait() == 0);
        MESSAGE(std::string(way), ": ", kills, " producers killed");
    }
}

TEST_CASE(
    "consumers killed at any moment lose no message: each is handled, and again only after it was said to come again") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 60);
    set_recheck_interval(20ms);
    auto random = generator();
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        const auto dock_name = fresh_name();
        named<message_queue> q{create_only, name, 8000, 8};
        named<dock> d{create_only, dock_name};
        child survivor{"handle_messages", {way, name, dock_name}};
        std::uint64_t sent = 0;
        waiter w{way};
        for (auto n = kills; n-- > 0;) {
            child victim{"handle_messages", {way, name, dock_name}};
            for (auto more = 20 + random() % 30; more-- > 0;)
                send(w, *q, sent++);
            dawdle(random);
            victim.kill();
        }
        q->close();
        CHECK(survivor.wait() == 0);
        std::uint64_t missing = 0;
        std::uint64_t untold = 0;
        std::uint64_t again = 0;
        for (std::uint64_t i = 0; i < sent; ++i) {
            missing += d->handled[i] == 0 ? 1U : 0U;
            untold += d->came_as_new[i] > 1 ? 1U : 0U;
            again += d->handled[i] - std::uint64_t{1};
        }
        CHECK(sent < numbers);
        CHECK(d->torn.load() == 0);
        CHECK(missing == 0);
        CHECK(untold == 0);
        CHECK(again <= kills); // at most the one that each had in hand
        CHECK(q->empty());
        std::error_code error;
        CHECK_FALSE(q->receive(error));
        CHECK(error == errc::closed);
        MESSAGE(std::string(way), ": ", kills, " consumers killed; of ", sent, " messages ", again, " came again");
    }
}

TEST_CASE("what the dead had in hand comes back: a message to the next receiver, who is told, and the room to all") {
    set_recheck_interval(20ms);
    const auto name = fresh_name();
    const auto dock_name = fresh_name();
    named<message_queue> q{create_only, name, 1024};
    named<dock> d{create_only, dock_name};
    for (int i = 0; i < 20; ++i) {
        send_now(*q, 7);
        child victim{"die_with_one_of_each", {name, dock_name}};
        d->holds.acquire();
        victim.kill();
        if (i % 2 == 0) {
            const auto m = q->receive();
            CHECK(m.redelivered() == 1);
            CHECK(m.size() == size_of(7));
        } else {
            // A producer who wants room finds out as well.
            std::error_code error;
            while (auto r = q->reserve_for(100ms, 100))
                r->commit();
            std::size_t came_again = 0;
            while (const auto m = q->try_receive(error))
                came_again += m.redelivered();
            CHECK(came_again == 1);
        }
        CHECK(q->reserve(1024));
    }
}

TEST_CASE("a closed queue ends for its consumers though producers and consumers were killed with something in hand") {
    set_recheck_interval(20ms);
    for (int i = 0; i < 20; ++i) {
        const auto name = fresh_name();
        const auto dock_name = fresh_name();
        named<message_queue> q{create_only, name, 1024};
        named<dock> d{create_only, dock_name};
        send_now(*q, 7);
        child victim{"die_with_one_of_each", {name, dock_name}};
        d->holds.acquire();
        victim.kill();
        q->close();
        CHECK(q->receive().redelivered() == 1);
        std::error_code error;
        CHECK_FALSE(q->receive(error));
        CHECK(error == errc::closed);
    }
}
