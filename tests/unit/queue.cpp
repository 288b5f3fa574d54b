// A queue within one process.
#include <support/names.hpp>
#include <support/refusal.hpp>
#include <support/sleeper.hpp>

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <optional>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

template <std::size_t Bytes>
struct item {
    std::array<std::uint8_t, Bytes> bytes;
    static item make(std::size_t n) {
        item i;
        for (std::size_t k = 0; k < Bytes; ++k)
            i.bytes[k] = static_cast<std::uint8_t>(n * 31 + k);
        return i;
    }
    bool operator==(const item&) const = default;
};

struct alignas(128) wide {
    std::uint64_t value;
};

struct without_default {
    explicit without_default(int v) : value(v) {}
    int value;
};

/// Three laps and more: every place is used as the first and as the last.
template <class Queue, class Make>
void check_order(Queue& q, Make make) {
    std::size_t in = 0;
    std::size_t out = 0;
    for (std::size_t lap = 0; lap < 3 * q.capacity() + 2; ++lap) {
        const std::size_t burst = lap % q.capacity() + 1;
        for (std::size_t i = 0; i < burst; ++i)
            CHECK(q.try_push(make(in++)));
        CHECK(q.size() == burst);
        for (std::size_t i = 0; i < burst; ++i)
            CHECK(q.try_pop() == make(out++));
        CHECK(q.empty());
    }
    while (q.try_push(make(in)))
        ++in;
    CHECK(q.size() == q.capacity());
    CHECK(in - out == q.capacity());
    while (const auto got = q.try_pop())
        CHECK(*got == make(out++));
    CHECK(in == out);
}

template <std::size_t Bytes>
void check_item_size() {
    CAPTURE(Bytes);
    named<queue<item<Bytes>>> q{create_only, fresh_name(), 5};
    check_order(*q, item<Bytes>::make);
}

} // namespace

TEST_CASE("items come out in the order in which they went in, at every capacity, around the end and again") {
    for (const std::size_t capacity : {1U, 2U, 3U, 5U, 7U, 8U, 13U, 64U, 100U}) {
        CAPTURE(capacity);
        named<queue<std::size_t>> q{create_only, fresh_name(), capacity};
        CHECK(q->capacity() == capacity);
        check_order(*q, [](std::size_t n) { return n; });
    }
}

TEST_CASE("a queue whose capacity is part of its type keeps the order too, inside a struct") {
    struct both {
        queue<std::size_t, 1> one;
        queue<std::size_t, 6> six;
    };
    named<both> b{create_only, fresh_name()};
    CHECK(b->one.capacity() == 1);
    CHECK(b->six.capacity() == 6);
    check_order(b->one, [](std::size_t n) { return n; });
    check_order(b->six, [](std::size_t n) { return n; });
}

TEST_CASE("several at a time go in and come out in order, at every capacity, around the end and again") {
    for (const std::size_t capacity : {1U, 2U, 3U, 5U, 8U, 13U}) {
        CAPTURE(capacity);
        named<queue<std::size_t>> q{create_only, fresh_name(), capacity};
        std::size_t in = 0;
        std::size_t out = 0;
        for (std::size_t turn = 0; turn < 40 * capacity; ++turn) {
            std::vector<std::size_t> some(turn % (capacity + 3));
            std::iota(some.begin(), some.end(), in);
            const auto room = capacity - q->size();
            const auto went_in = q->try_push_some(some);
            CHECK(went_in == std::min(room, some.size()));
            in += went_in;
            std::vector<std::size_t> got((turn * 7) % (capacity + 2));
            const auto there = q->size();
            const auto came_out = q->try_pop_some(got);
            CHECK(came_out == std::min(there, got.size()));
            for (std::size_t i = 0; i < came_out; ++i)
                CHECK(got[i] == out++);
        }
        while (q->try_pop())
            ++out;
        CHECK(in == out);
    }
}

TEST_CASE("several items at a time arrive as they were, whatever their size") {
    const auto check = []<std::size_t Bytes>(std::integral_constant<std::size_t, Bytes>) {
        named<queue<item<Bytes>>> q{create_only, fresh_name(), 4};
        q->push(item<Bytes>::make(90));
        q->push(item<Bytes>::make(91));
        (void)q->pop();
        (void)q->pop();
        const std::vector<item<Bytes>> some{item<Bytes>::make(1), item<Bytes>::make(2), item<Bytes>::make(3)};
        CHECK(q->push_some(some) == 3); // around the end
        std::vector<item<Bytes>> got(4);
        CHECK(q->pop_some(got) == 3);
        got.pop_back();
        CHECK(got == some);
    };
    check(std::integral_constant<std::size_t, 1>());
    check(std::integral_constant<std::size_t, 63>());
    check(std::integral_constant<std::size_t, 64>());
    check(std::integral_constant<std::size_t, 100>());
}

TEST_CASE("several at a time wait for one, and a range waits until all are in") {
    named<queue<int>> q{create_only, fresh_name(), 3};
    std::vector<int> got(10);
    sleeper popper([&] { CHECK(q->pop_some(got) == 1); });
    popper.until_asleep();
    q->push(7);
    popper.join();
    CHECK(got.front() == 7);

    std::vector<int> many(100);
    std::iota(many.begin(), many.end(), 0);
    sleeper pusher([&] { q->push_range(many); });
    pusher.until_asleep();
    CHECK(q->size() == 3);
    std::vector<int> received;
    while (received.size() < many.size()) {
        const auto n = q->pop_some(got);
        received.insert(received.end(), got.begin(), got.begin() + static_cast<std::ptrdiff_t>(n));
    }
    CHECK(received == many);
}

TEST_CASE("several at a time: nothing to do is done at once, time may run out, and a closed queue says so") {
    named<queue<int>> q{create_only, fresh_name(), 2};
    std::vector<int> none;
    std::vector<int> three{1, 2, 3};
    CHECK(q->push_some(none) == 0);
    CHECK(q->pop_some(none) == 0);
    CHECK(q->pop_some_for(1ms, three) == 0);
    CHECK(q->pop_some_until(std::chrono::steady_clock::now(), three) == 0);
    CHECK(q->push_some_for(1ms, three) == 2);
    CHECK(q->push_some_for(1ms, three) == 0);
    CHECK(q->try_push_some(three) == 0);
    q->close();
    std::error_code error;
    CHECK(error_of([&] { q->push_some(three); }) == errc::closed);
    CHECK(error_of([&] { q->push_range(three); }) == errc::closed);
    CHECK(q->push_some(three, error) == 0);
    CHECK(error == errc::closed);
    CHECK(q->push_range(three, error) == 0);
    CHECK(error == errc::closed);
    CHECK(q->try_push_some(three, error) == 0);
    CHECK(error == errc::closed);
    CHECK(q->pop_some(three, error) == 2);
    CHECK_FALSE(error);
    CHECK(q->pop_some(three, error) == 0);
    CHECK(error == errc::closed);
    CHECK(error_of([&] { q->pop_some(three); }) == errc::closed);
    CHECK(q->try_pop_some(three, error) == 0);
    CHECK(error == errc::closed);
}

TEST_CASE("a range that is cut short by close() tells how many went in") {
    named<queue<int>> q{create_only, fresh_name(), 3};
    std::vector<int> many(10);
    std::error_code error;
    std::size_t went_in = 0;
    sleeper pusher([&] { went_in = q->push_range(many, error); });
    pusher.until_asleep();
    q->close();
    pusher.join();
    CHECK(went_in == 3);
    CHECK(error == errc::closed);
}

TEST_CASE("items of every size arrive as they were") {
    check_item_size<1>();
    check_item_size<3>();
    check_item_size<7>();
    check_item_size<63>();
    check_item_size<64>();
    check_item_size<65>();
    check_item_size<127>();
    check_item_size<1000>();
    check_item_size<9001>();
}

TEST_CASE("items that must be aligned more than usual, and items that cannot be made from nothing, pass") {
    named<queue<wide>> q{create_only, fresh_name(), 3};
    for (std::uint64_t i = 0; i < 10; ++i) {
        q->push({i});
        CHECK(q->pop().value == i);
    }
    named<queue<without_default>> w{create_only, fresh_name(), 3};
    w->push(without_default(8));
    CHECK(w->pop().value == 8);
}

TEST_CASE("what does not fit is not put in, and what is not there not taken") {
    named<queue<int>> q{create_only, fresh_name(), 2};
    std::error_code error = errc::closed;
    CHECK_FALSE(q->try_pop());
    CHECK_FALSE(q->try_pop(error));
    CHECK_FALSE(error);
    CHECK(q->try_push(1));
    error = errc::closed;
    CHECK(q->try_push(2, error));
    CHECK_FALSE(error);
    CHECK_FALSE(q->try_push(3));
    error = errc::closed;
    CHECK_FALSE(q->try_push(3, error));
    CHECK_FALSE(error);
    CHECK(q->size() == 2);
    CHECK(q->pop() == 1);
    CHECK(q->pop(error) == 2);
    CHECK(q->empty());
}

TEST_CASE("timed operations succeed at once where they can, however late it is") {
    named<queue<int>> q{create_only, fresh_name(), 4};
    CHECK(q->push_for(-1h, 1));
    CHECK(q->push_for(0s, 2));
    CHECK(q->push_until(std::chrono::steady_clock::time_point::min(), 3));
    CHECK(q->push_until(std::chrono::system_clock::now() - 1h, 4));
    CHECK(q->pop_for(-1h) == 1);
    CHECK(q->pop_for(0s) == 2);
    CHECK(q->pop_until(std::chrono::steady_clock::time_point::min()) == 3);
    CHECK(q->pop_until(std::chrono::system_clock::now() - 1h) == 4);
}

TEST_CASE("timed operations give up, not early, and change nothing") {
    named<queue<int>> q{create_only, fresh_name(), 1};
    auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(q->pop_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    q->push(1);
    begin = std::chrono::steady_clock::now();
    CHECK_FALSE(q->push_for(20ms, 2));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    CHECK_FALSE(q->push_until(begin + 40ms, 2));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
    CHECK_FALSE(q->push_for(0s, 2));
    CHECK(q->size() == 1);
    CHECK(q->pop() == 1);
    CHECK_FALSE(q->pop_for(-1s));
}

TEST_CASE("a closed queue takes nothing more, gives what it has, and then says that it is closed, in every function") {
    named<queue<int>> q{create_only, fresh_name(), 8};
    for (int i = 0; i < 4; ++i)
        q->push(i);
    CHECK_FALSE(q->is_closed());
    q->close();
    q->close();
    CHECK(q->is_closed());

    std::error_code error;
    CHECK(error_of([&] { q->push(9); }) == errc::closed);
    CHECK_FALSE(q->push(9, error));
    CHECK(error == errc::closed);
    CHECK_FALSE(q->try_push(9));
    error.clear();
    CHECK_FALSE(q->try_push(9, error));
    CHECK(error == errc::closed);
    CHECK(error_of([&] { (void)q->push_for(1h, 9); }) == errc::closed);
    CHECK(error_of([&] { (void)q->push_until(std::chrono::steady_clock::now(), 9); }) == errc::closed);

    CHECK(q->size() == 4);
    CHECK(q->pop() == 0);
    CHECK(q->try_pop() == 1);
    error = errc::timed_out;
    CHECK(q->pop(error) == 2);
    CHECK_FALSE(error);
    CHECK(q->pop_for(1h) == 3);

    CHECK(error_of([&] { (void)q->pop(); }) == errc::closed);
    CHECK_FALSE(q->pop(error));
    CHECK(error == errc::closed);
    CHECK_FALSE(q->try_pop());
    error.clear();
    CHECK_FALSE(q->try_pop(error));
    CHECK(error == errc::closed);
    CHECK(error_of([&] { (void)q->pop_for(1h); }) == errc::closed);
    CHECK(error_of([&] { (void)q->pop_until(std::chrono::steady_clock::now()); }) == errc::closed);
    CHECK(q->empty());
}

TEST_CASE("closing wakes the threads that sleep at either end") {
    named<queue<int>> empty{create_only, fresh_name(), 1};
    named<queue<int>> full{create_only, fresh_name(), 1};
    full->push(1);
    std::atomic<int> told{0};
    std::deque<sleeper> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] { told += error_of([&] { (void)empty->pop(); }) == errc::closed ? 1 : 0; });
        threads.emplace_back([&] { told += error_of([&] { full->push(2); }) == errc::closed ? 1 : 0; });
    }
    for (const auto& t : threads)
        t.until_asleep();
    empty->close();
    full->close();
    threads.clear();
    CHECK(told.load() == 6);
    CHECK(full->pop() == 1);
}

TEST_CASE("threads at both ends: each item arrives once") {
    for (const std::size_t capacity : {1U, 3U, 64U}) {
        CAPTURE(capacity);
        named<queue<std::uint32_t>> q{create_only, fresh_name(), capacity};
        constexpr std::uint32_t each = 5000;
        std::vector<std::vector<std::uint32_t>> received(3);
        {
            std::deque<sleeper> consumers;
            for (auto& mine : received)
                consumers.emplace_back([&] {
                    std::error_code error;
                    while (const auto got = q->pop(error))
                        mine.push_back(*got);
                });
            {
                std::deque<sleeper> producers;
                for (std::uint32_t p = 0; p < 3; ++p)
                    producers.emplace_back([&, p] {
                        for (std::uint32_t i = 0; i < each; ++i)
                            q->push(p * each + i);
                    });
            }
            q->close();
        }
        std::vector<std::uint32_t> all;
        for (const auto& mine : received) {
            all.insert(all.end(), mine.begin(), mine.end());
            // Each producer's items are in order within what one consumer got.
            for (std::uint32_t p = 0; p < 3; ++p) {
                std::vector<std::uint32_t> of_one;
                std::copy_if(mine.begin(), mine.end(), std::back_inserter(of_one),
                             [p](std::uint32_t n) { return n / each == p; });
                CHECK(std::is_sorted(of_one.begin(), of_one.end()));
            }
        }
        std::sort(all.begin(), all.end());
        std::vector<std::uint32_t> expected(3 * each);
        std::iota(expected.begin(), expected.end(), 0U);
        CHECK(all == expected);
    }
}

TEST_CASE("two handles on one queue in one process are one queue") {
    const auto name = fresh_name();
    named<queue<int>> one{create_only, name, 2};
    named<queue<int>> other{open_only, name};
    CHECK(other->capacity() == 2);
    sleeper s([&] { CHECK(other->pop() == 5); });
    s.until_asleep();
    one->push(5);
}

TEST_CASE("a queue in no segment works without waiting, and to wait for it is an error that says why") {
    static queue<int, 2> q;
    CHECK(error_of([] { (void)q.pop(); }) == errc::not_shared);
    CHECK(error_of([] { (void)q.pop_for(1h); }) == errc::not_shared);
    CHECK_FALSE(q.pop_for(0s));
    q.push(1);
    q.push(2);
    CHECK(error_of([] { q.push(3); }) == errc::not_shared);
    CHECK_FALSE(q.push_for(0s, 3));
    CHECK(q.pop() == 1);
    CHECK(q.pop() == 2);
}
