// A work queue within one process.
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/refusal.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>

#include <core/segment.hpp>
#include <crosswake/named.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

template <class Queue>
std::vector<int> drain(Queue& q) {
    std::vector<int> all;
    while (auto d = q.try_take()) {
        all.push_back(d.item());
        d.confirm();
    }
    return all;
}

struct large {
    std::array<std::uint8_t, 1000> bytes{};
    explicit large(int n) { bytes.fill(static_cast<std::uint8_t>(n)); }
    bool operator==(const large&) const = default;
};

} // namespace

TEST_CASE(
    "what is taken and confirmed comes out in the order in which it went in, at every capacity, again and again") {
    for (const std::size_t capacity : {1U, 2U, 3U, 5U, 8U, 13U}) {
        CAPTURE(capacity);
        named<work_queue<int>> q{create_only, fresh_name(), capacity};
        CHECK(q->capacity() == capacity);
        int in = 0;
        int out = 0;
        for (std::size_t lap = 0; lap < 3 * capacity + 2; ++lap) {
            for (std::size_t i = 0; i < lap % capacity + 1; ++i)
                CHECK(q->try_push(in++));
            CHECK(q->size() == lap % capacity + 1);
            for (const auto n : drain(*q))
                CHECK(n == out++);
            CHECK(q->empty());
        }
        while (q->try_push(in))
            ++in;
        CHECK(q->size() == capacity);
        CHECK(static_cast<std::size_t>(in - out) == capacity);
    }
}

TEST_CASE("a work queue whose capacity is part of its type stands inside a struct") {
    struct both {
        work_queue<int, 1> one;
        work_queue<large, 3> three;
    };
    named<both> b{create_only, fresh_name()};
    CHECK(b->one.capacity() == 1);
    b->one.push(4);
    CHECK_FALSE(b->one.try_push(5));
    CHECK(drain(b->one) == std::vector{4});
    for (int n = 0; n < 10; ++n) {
        b->three.push(large(n));
        auto d = b->three.take();
        CHECK(d.item() == large(n));
        d.confirm();
    }
}

TEST_CASE("an item that was taken keeps its place until it is confirmed") {
    named<work_queue<int>> q{create_only, fresh_name(), 2};
    q->push(1);
    q->push(2);
    auto one = q->take();
    CHECK(one.holds());
    CHECK(one.item() == 1);
    CHECK(one.redelivered() == 0);
    CHECK(q->size() == 2);
    CHECK(q->in_hand() == 1);
    CHECK_FALSE(q->try_push(3));
    one.confirm();
    CHECK_FALSE(one.holds());
    CHECK(one.item() == 1);
    CHECK(q->in_hand() == 0);
    CHECK(q->try_push(3));
    CHECK(drain(*q) == std::vector{2, 3});
}

TEST_CASE("one that is long in somebody's hand stops nobody else") {
    named<work_queue<int>> q{create_only, fresh_name(), 4};
    q->push(-1);
    auto long_job = q->take();
    for (int i = 0; i < 50; ++i) {
        CHECK(q->try_push(3 * i));
        CHECK(q->try_push(3 * i + 1));
        CHECK(q->try_push(3 * i + 2));
        CHECK_FALSE(q->try_push(0));
        CHECK(drain(*q) == std::vector{3 * i, 3 * i + 1, 3 * i + 2});
    }
    long_job.put_back();
    CHECK(drain(*q) == std::vector{-1});
}

TEST_CASE("what is put back comes again, before what is fresh, first what was pushed first, and says how often") {
    named<work_queue<int>> q{create_only, fresh_name(), 6};
    std::vector<int> six(6);
    std::iota(six.begin(), six.end(), 0);
    CHECK(q->push_some(six) == 6);
    {
        auto zero = q->take();
        auto one = q->take();
        auto two = q->take();
        auto three = q->take();
        one.confirm();
        three.put_back();
        CHECK_FALSE(three.holds());
        // zero and two go unconfirmed
    }
    for (const int expected : {0, 2, 3}) {
        auto d = q->take();
        CHECK(d.item() == expected);
        CHECK(d.redelivered() == 1);
        if (expected == 2) {
            d.put_back();
            d = q->take();
            CHECK(d.item() == 2);
            CHECK(d.redelivered() == 2);
        }
        d.confirm();
    }
    auto four = q->take();
    CHECK(four.item() == 4);
    CHECK(four.redelivered() == 0);
    four.confirm();
    q->push(6);
    CHECK(drain(*q) == std::vector{5, 6});
    q->push(7);
    auto seven = q->take();
    CHECK(seven.redelivered() == 0); // its place was another's before
    seven.confirm();
}

TEST_CASE("what comes back after the ring has come round is in its order all the same") {
    named<work_queue<int>> q{create_only, fresh_name(), 3};
    q->push(0);
    auto zero = q->take();
    for (int i = 1; i < 8; ++i) {
        q->push(i);
        auto d = q->take();
        CHECK(d.item() == i);
        d.confirm();
    }
    q->push(8);
    auto eight = q->take();
    q->push(9);
    eight.put_back();
    zero.put_back();
    CHECK(drain(*q) == std::vector{0, 8, 9});
}

TEST_CASE("a delivery moves, and what it held before goes back") {
    named<work_queue<int>> q{create_only, fresh_name(), 3};
    q->push(1);
    q->push(2);
    auto a = q->take();
    auto b = std::move(a);
    CHECK_FALSE(a.holds());
    CHECK(b.item() == 1);
    a = q->take();
    CHECK(a.item() == 2);
    a = std::move(b);
    CHECK(a.item() == 1);
    CHECK(a.redelivered() == 0);
    a.confirm();
    auto two = q->take();
    CHECK(two.item() == 2);
    CHECK(two.redelivered() == 1);
    two.confirm();
    CHECK(q->empty());
    CHECK_FALSE(delivery<int>().holds());
}

TEST_CASE("a delivery may be confirmed in another thread than the one that took it") {
    named<work_queue<int>> q{create_only, fresh_name(), 1};
    q->push(1);
    auto d = q->take();
    sleeper pusher([&] { q->push(2); });
    pusher.until_asleep();
    {
        sleeper other([moved = std::move(d)]() mutable { moved.confirm(); });
    }
    pusher.join();
    CHECK(drain(*q) == std::vector{2});
}

TEST_CASE("takers sleep until something is pushed or put back, and pushers until something is confirmed") {
    named<work_queue<int>> q{create_only, fresh_name(), 1};
    {
        sleeper taker([&] { q->take().confirm(); });
        taker.until_asleep();
        q->push(1);
    }
    q->push(2);
    auto two = q->take();
    {
        sleeper taker([&] {
            auto d = q->take();
            CHECK(d.redelivered() == 1);
            d.confirm();
        });
        taker.until_asleep();
        two.put_back();
    }
    q->push(3);
    auto three = q->take();
    {
        sleeper pusher([&] { q->push(4); });
        pusher.until_asleep();
        three.confirm();
    }
    CHECK(drain(*q) == std::vector{4});
}

TEST_CASE("a pusher that sleeps is woken when taking opens a way to free places between those that wait") {
    named<work_queue<int>> q{create_only, fresh_name(), 3};
    q->push(0);
    auto zero = q->take();
    q->push(1);
    q->push(2);
    q->take().confirm();
    q->push(3); // places now: zero's, 3's, 2's; and the order goes from 2 past zero's to 3
    zero.confirm();
    CHECK(q->size() == 2);
    CHECK_FALSE(q->try_push(4));
    sleeper pusher([&] { q->push(4); });
    pusher.until_asleep();
    auto two = q->take();
    CHECK(two.item() == 2);
    pusher.join();
    two.confirm();
    CHECK(drain(*q) == std::vector{3, 4});
}

TEST_CASE("timed takes succeed at once where they can, give up not early, and take nothing then") {
    named<work_queue<int>> q{create_only, fresh_name(), 4};
    for (int i = 0; i < 4; ++i)
        q->push(i);
    CHECK(q->take_for(-1h).item() == 0);
    std::vector<delivery<int>> all;
    all.push_back(q->take_for(0s));
    all.push_back(q->take_until(std::chrono::steady_clock::time_point::min()));
    all.push_back(q->take_until(std::chrono::system_clock::now() - 1h));
    all.push_back(q->take_for(1h));
    CHECK(all.front().item() == 0);
    CHECK(all.back().item() == 3);
    auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(q->take_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    CHECK_FALSE(q->take_until(begin + 40ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
    CHECK_FALSE(q->try_take());
    CHECK_FALSE(q->push_for(1ms, 4));
    for (auto& d : all)
        d.confirm();
    CHECK(q->empty());
}

TEST_CASE("a closed work queue takes nothing more, gives what it has and what comes back, and only then says closed") {
    named<work_queue<int>> q{create_only, fresh_name(), 4};
    q->push(1);
    q->push(2);
    auto one = q->take();
    q->close();
    std::error_code error;
    CHECK(q->is_closed());
    CHECK(error_of([&] { q->push(3); }) == errc::closed);
    CHECK_FALSE(q->try_push(3, error));
    CHECK(error == errc::closed);
    auto two = q->take(error);
    CHECK(two.item() == 2);
    CHECK_FALSE(error);
    // Both are in hand: it is not over yet.
    error = errc::closed;
    CHECK_FALSE(q->try_take(error));
    CHECK_FALSE(error);
    CHECK_FALSE(q->take_for(1ms));
    two.confirm();
    CHECK_FALSE(q->try_take(error));
    CHECK_FALSE(error);
    one.put_back();
    one = q->take_for(1h);
    CHECK(one.item() == 1);
    one.confirm();
    CHECK_FALSE(q->try_take(error));
    CHECK(error == errc::closed);
    CHECK_FALSE(q->take(error));
    CHECK(error == errc::closed);
    CHECK(error_of([&] { (void)q->take(); }) == errc::closed);
    CHECK(error_of([&] { (void)q->take_for(1h); }) == errc::closed);
    CHECK(error_of([&] { (void)q->take_until(std::chrono::steady_clock::now()); }) == errc::closed);
}

TEST_CASE(
    "takers of a closed work queue sleep while the last items are in hand, and are told when they are confirmed") {
    named<work_queue<int>> q{create_only, fresh_name(), 2};
    q->push(1);
    q->push(2);
    auto one = q->take();
    auto two = q->take();
    std::atomic<int> told{0};
    std::deque<sleeper> takers;
    for (int i = 0; i < 3; ++i)
        takers.emplace_back([&] { told += error_of([&] { q->take().confirm(); }) == errc::closed ? 1 : 0; });
    for (const auto& t : takers)
        t.until_asleep();
    q->close();
    for (const auto& t : takers)
        t.until_asleep();
    one.confirm();
    for (const auto& t : takers)
        t.until_asleep();
    CHECK(told.load() == 0);
    two.confirm();
    takers.clear();
    CHECK(told.load() == 3);
}

TEST_CASE("threads at both ends, some of which put back what they took: each item is confirmed once") {
    for (const std::size_t capacity : {1U, 3U, 64U}) {
        CAPTURE(capacity);
        named<work_queue<std::uint32_t>> q{create_only, fresh_name(), capacity};
        constexpr std::uint32_t each = 3000;
        std::vector<std::vector<std::uint32_t>> confirmed(3);
        std::atomic<int> two_at_once{0};
        std::vector<std::atomic<int>> held(3 * each);
        {
            std::deque<sleeper> consumers;
            for (auto& mine : confirmed)
                consumers.emplace_back([&] {
                    std::error_code error;
                    std::uint32_t turn = 0;
                    while (auto d = q->take(error)) {
                        two_at_once += held[d.item()].fetch_add(1);
                        const bool done = d.redelivered() > 2 || ++turn % 5 != 0;
                        held[d.item()].fetch_sub(1);
                        if (!done)
                            continue;
                        mine.push_back(d.item());
                        d.confirm();
                    }
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
        CHECK(two_at_once.load() == 0);
        std::vector<std::uint32_t> all;
        for (const auto& mine : confirmed)
            all.insert(all.end(), mine.begin(), mine.end());
        std::sort(all.begin(), all.end());
        std::vector<std::uint32_t> expected(3 * each);
        std::iota(expected.begin(), expected.end(), 0U);
        CHECK(all == expected);
        CHECK(q->empty());
    }
}

TEST_CASE("a work queue is no queue, nor one of another capacity or item") {
    const auto name = fresh_name();
    named<work_queue<int>> q{create_only, name, 5};
    CHECK(named<work_queue<int>>(open_only, name)->capacity() == 5);
    CHECK(error_of([&] { named<work_queue<int>>(open_only, name, 6); }) == errc::incompatible);
    CHECK(error_of([&] { named<work_queue<char>>(open_only, name); }) == errc::incompatible);
    CHECK(error_of([&] { named<work_queue<int>>(create_only, fresh_name(), 0); }) == errc::invalid_argument);
}

TEST_CASE("the capacity of every work queue is found again from its bytes") {
    const auto check = []<class T>(T) {
        for (std::size_t capacity = 1; capacity < 70; ++capacity) {
            using ref = detail::work_queue_ref<T>;
            std::vector<std::byte> bytes(ref::bytes_for(capacity) + 64);
            using placement = detail::placement<work_queue<T>>;
            CHECK(placement::look(bytes.data(), ref::bytes_for(capacity)).capacity() == capacity);
        }
    };
    check(char{});
    check(std::uint32_t{});
    check(std::array<char, 33>{});
    check(std::array<char, 64>{});
    check(std::array<char, 1000>{});
}

TEST_CASE("random bytes in a work queue are an error or no harm, never an access out of its memory") {
    auto random = generator(1);
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 500);
    for (auto n = rounds; n-- > 0;) {
        const auto name = fresh_name();
        constexpr std::size_t capacity = 16;
        named<work_queue<int>> q{create_only, name, capacity};
        raw_object raw(name);
        const auto object = raw.get<std::uint64_t>(offsetof(core::segment_layout, object_offset));
        std::vector<delivery<int>> held;
        std::error_code error;
        for (int i = 0; i < 20; ++i)
            (void)q->try_push(i, error);
        held.push_back(q->try_take(error));
        for (auto i = random() % 4 + 1; i-- > 0;)
            raw.put(object + random() % (sizeof(detail::work_queue_core) + capacity * sizeof(detail::place_layout) - 8),
                    random() % 2 == 0 ? random() : random() % 64);
        for (int i = 0; i < 40; ++i) {
            (void)q->try_push(i, error);
            auto d = q->try_take(error);
            if (random() % 2 == 0)
                held.push_back(std::move(d));
            if (!held.empty() && held.back() && random() % 2 == 0)
                (void)error_of([&] { held.back().confirm(); });
            CHECK(q->size() <= capacity);
            CHECK(q->in_hand() <= capacity);
        }
    }
}

TEST_CASE("a work queue whose positions cannot be is corrupted, and says so") {
    const auto name = fresh_name();
    named<work_queue<int>> q{create_only, name, 16};
    raw_object raw(name);
    const auto object = raw.get<std::uint64_t>(offsetof(core::segment_layout, object_offset));
    raw.put(object + offsetof(detail::work_queue_layout, tail) + offsetof(detail::queue_end_layout, position),
            std::uint64_t{99});
    std::error_code error;
    CHECK_FALSE(q->try_push(1, error));
    CHECK(error == errc::corrupted);
    CHECK_FALSE(q->try_take(error));
    CHECK(error == errc::corrupted);
    CHECK(error_of([&] { (void)q->take(); }) == errc::corrupted);
}

TEST_CASE("a work queue in no segment works without waiting, and to wait for it is an error that says why") {
    static work_queue<int, 2> q;
    CHECK(error_of([] { (void)q.take(); }) == errc::not_shared);
    CHECK_FALSE(q.take_for(0s));
    q.push(1);
    q.push(2);
    CHECK(error_of([] { q.push(3); }) == errc::not_shared);
    q.take().confirm();
    q.push(3);
    CHECK(drain(q) == std::vector{2, 3});
}
