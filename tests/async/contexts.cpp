// Execution contexts and executors: where handlers run, and when run() returns.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/runs_out.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory_resource>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

// Feeds a queue with the numbers below args[1].
CROSSWAKE_ROLE(feed) {
    named<queue<int>> q{open_only, args[0]};
    for (int i = 0; i < std::stoi(args[1]); ++i)
        q->push(i);
    return 0;
}

namespace {

constexpr int items = 2000;
constexpr long long sum_of_items = static_cast<long long>(items) * (items - 1) / 2;

/// Each of the takers pops until it has its share.
asio::awaitable<void> take(queue<int>& q, int share, std::atomic<long long>& sum) {
    for (int i = 0; i < share; ++i)
        sum += co_await async_pop(q);
}

} // namespace

TEST_CASE("an io_context with four threads, a thread_pool, and strands on both take each item once") {
    const auto name = fresh_name();
    named<queue<int>> q{create_only, name, 16};
    constexpr int takers = 8;

    SUBCASE("io_context, one thread") {
        std::atomic<long long> sum{0};
        asio::io_context io(1);
        for (int i = 0; i < takers; ++i)
            asio::co_spawn(io, take(*q, items / takers, sum), asio::detached);
        child feeder{"feed", {name, std::to_string(items)}};
        REQUIRE(runs_out(io));
        CHECK(feeder.wait() == 0);
        CHECK(sum == sum_of_items);
    }
    SUBCASE("io_context, four threads") {
        std::atomic<long long> sum{0};
        asio::io_context io;
        for (int i = 0; i < takers; ++i)
            asio::co_spawn(io, take(*q, items / takers, sum), asio::detached);
        child feeder{"feed", {name, std::to_string(items)}};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] { io.run(); });
        for (auto& t : threads)
            t.join();
        CHECK(feeder.wait() == 0);
        CHECK(sum == sum_of_items);
    }
    SUBCASE("thread_pool") {
        std::atomic<long long> sum{0};
        asio::thread_pool pool(4);
        for (int i = 0; i < takers; ++i)
            asio::co_spawn(pool, take(*q, items / takers, sum), asio::detached);
        child feeder{"feed", {name, std::to_string(items)}};
        pool.join();
        CHECK(feeder.wait() == 0);
        CHECK(sum == sum_of_items);
    }
    SUBCASE("strands over a thread_pool, one of them type-erased") {
        long long guarded = 0; // not atomic: the strand keeps its handlers apart
        std::atomic<long long> other{0};
        asio::thread_pool pool(4);
        const auto strand = asio::make_strand(pool);
        const auto erased = asio::any_io_executor(asio::make_strand(pool));
        for (int i = 0; i < takers / 2; ++i)
            asio::co_spawn(
                strand,
                [&]() -> asio::awaitable<void> {
                    for (int n = 0; n < items / takers; ++n) {
                        const auto item = co_await async_pop(*q);
                        CHECK(strand.running_in_this_thread());
                        guarded += item;
                    }
                },
                asio::detached);
        for (int i = 0; i < takers / 2; ++i)
            asio::co_spawn(erased, take(*q, items / takers, other), asio::detached);
        child feeder{"feed", {name, std::to_string(items)}};
        pool.join();
        CHECK(feeder.wait() == 0);
        CHECK(guarded + other == sum_of_items);
    }
    SUBCASE("several contexts in one process") {
        std::atomic<long long> sum{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                asio::io_context io(1);
                asio::co_spawn(io, take(*q, items / 4, sum), asio::detached);
                CHECK(runs_out(io));
            });
        child feeder{"feed", {name, std::to_string(items)}};
        for (auto& t : threads)
            t.join();
        CHECK(feeder.wait() == 0);
        CHECK(sum == sum_of_items);
    }
    CHECK(q->empty());
}

TEST_CASE("a handler never runs inside the function that starts its operation") {
    named<semaphore> s{create_only, fresh_name(), 1};
    asio::io_context io;
    int order = 0;
    asio::post(io, [&] {
        // On a thread that runs the context, and with a permit there: it could run at once.
        async_acquire(io.get_executor(), *s, [&](boost::system::error_code ec) {
            CHECK_FALSE(ec);
            CHECK(order == 1);
            order = 2;
        });
        CHECK(order == 0);
        order = 1;
    });
    REQUIRE(runs_out(io));
    CHECK(order == 2);
}

TEST_CASE("run() goes on while something waits, and returns when nothing does") {
    named<semaphore> s{create_only, fresh_name()};
    asio::io_context io;

    CHECK(io.run() == 0); // nothing was started yet

    bool done = false;
    async_acquire(io.get_executor(), *s, [&](boost::system::error_code) { done = true; });
    io.restart();
    io.run_for(5ms);
    CHECK_FALSE(io.stopped()); // the time was over, not the work
    s->release();
    REQUIRE(runs_out(io));
    CHECK(done);
    CHECK(io.stopped());

    io.restart();
    async_acquire_for(io.get_executor(), *s, 2ms, [](boost::system::error_code ec) { CHECK(ec == errc::timed_out); });
    REQUIRE(runs_out(io));
    CHECK(io.stopped());

    io.restart();
    asio::cancellation_signal signal;
    async_acquire(io.get_executor(), *s, asio::bind_cancellation_slot(signal.slot(), [](boost::system::error_code ec) {
                      CHECK(ec == asio::error::operation_aborted);
                  }));
    asio::post(io, [&] { signal.emit(asio::cancellation_type::total); });
    REQUIRE(runs_out(io));
    CHECK(io.stopped());
}

TEST_CASE("every cancellation type ends the wait, which has taken nothing") {
    named<queue<int>> q{create_only, fresh_name(), 1};
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total, asio::cancellation_type::all}) {
        asio::io_context io;
        asio::cancellation_signal signal;
        bool over = false;
        async_pop(io.get_executor(), *q,
                  asio::bind_cancellation_slot(signal.slot(), [&](boost::system::error_code ec, int) {
                      CHECK(ec == asio::error::operation_aborted);
                      over = true;
                  }));
        asio::post(io, [&] { signal.emit(type); });
        REQUIRE(runs_out(io));
        CHECK(over);
        q->push(1);
        CHECK(q->pop() == 1);
    }
}

TEST_CASE("what was granted before it was cancelled is kept, though its handler has not run yet") {
    named<semaphore> s{create_only, fresh_name(), 1};
    asio::io_context io;
    asio::cancellation_signal signal;
    boost::system::error_code result = errc::timed_out;
    async_acquire(io.get_executor(), *s,
                  asio::bind_cancellation_slot(signal.slot(), [&](boost::system::error_code ec) { result = ec; }));
    CHECK(s->available() == 0);
    signal.emit(asio::cancellation_type::total);
    REQUIRE(runs_out(io));
    CHECK_FALSE(result);
}

TEST_CASE("a cancellation slot is free when its operation's handler runs, which may want it for the next") {
    named<semaphore> s{create_only, fresh_name()};
    asio::io_context io;
    asio::cancellation_signal signal;
    bool is_free = false;
    async_acquire(io.get_executor(), *s, asio::bind_cancellation_slot(signal.slot(), [&](boost::system::error_code ec) {
                      CHECK_FALSE(ec);
                      is_free = !signal.slot().has_handler();
                  }));
    CHECK(signal.slot().has_handler());
    s->release();
    REQUIRE(runs_out(io));
    CHECK(is_free);
}

TEST_CASE("the handler's allocator has the operation's memory") {
    struct counting final : std::pmr::memory_resource {
        int taken = 0;
        int given_back = 0;
        void* do_allocate(std::size_t n, std::size_t a) override {
            ++taken;
            return std::pmr::new_delete_resource()->allocate(n, a);
        }
        void do_deallocate(void* p, std::size_t n, std::size_t a) override {
            ++given_back;
            std::pmr::new_delete_resource()->deallocate(p, n, a);
        }
        [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
    } memory;
    named<semaphore> s{create_only, fresh_name()};
    asio::io_context io;
    bool done = false;
    async_acquire(
        io.get_executor(), *s,
        asio::bind_allocator(std::pmr::polymorphic_allocator<std::byte>(&memory), [&](boost::system::error_code) {
            CHECK(memory.taken > 0);
            CHECK(memory.given_back == memory.taken); // free before the handler runs
            done = true;
        }));
    CHECK(memory.taken == 1);
    s->release();
    REQUIRE(runs_out(io));
    CHECK(done);
}
