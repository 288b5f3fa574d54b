// Contexts with several threads: who hears the bell, who runs the handler, and when run() returns.
#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/runs_out.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;

// Releases a semaphore as often as it is asked to through the other.
CROSSWAKE_ROLE(give_on_request) {
    named<semaphore> wish{open_only, args[0]};
    named<semaphore> gift{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        wish->acquire();
        gift->release();
    }
    return 0;
}

namespace {

/// Another process that gives what is wished for.
class giver {
public:
    explicit giver(int gifts)
        : wish(create_only, fresh_name("wish")), gift(create_only, fresh_name("gift")),
          process_("give_on_request", {wish.name(), gift.name(), std::to_string(gifts)}) {}
    int wait() { return process_.wait(); }

    named<semaphore> wish;
    named<semaphore> gift;

private:
    child process_;
};

void run_in(asio::io_context& context, int threads) {
    std::vector<std::thread> more;
    for (int i = 1; i < threads; ++i)
        more.emplace_back([&] { context.run(); });
    context.run();
    for (auto& t : more)
        t.join();
}

void rethrow(const std::exception_ptr& e) {
    if (e)
        std::rethrow_exception(e);
}

template <class Strand>
asio::awaitable<void> take_on_strand(Strand strand, giver& g, int times, int& taken) {
    for (int i = 0; i < times; ++i) {
        g.wish->release();
        co_await async_acquire(*g.gift, asio::use_awaitable);
        if (!strand.running_in_this_thread())
            throw std::runtime_error("not on its strand");
        ++taken; // not atomic: the strand protects it
    }
}

template <class Context>
void check_strands(Context& context) {
    using inner = typename Context::executor_type;
    constexpr int coroutines = 10;
    constexpr int times = 50;
    giver g(3 * coroutines * times);
    int taken[3] = {};
    const asio::strand<inner> plain(context.get_executor());
    const asio::strand<asio::any_io_executor> over_erased(context.get_executor());
    const asio::strand<inner> erased(context.get_executor());
    for (int i = 0; i < coroutines; ++i) {
        asio::co_spawn(plain, take_on_strand(plain, g, times, taken[0]), rethrow);
        asio::co_spawn(over_erased, take_on_strand(over_erased, g, times, taken[1]), rethrow);
        asio::co_spawn(asio::any_io_executor(erased), take_on_strand(erased, g, times, taken[2]), rethrow);
    }
    if constexpr (std::is_same_v<Context, asio::io_context>)
        run_in(context, 4);
    else
        context.join();
    for (const int n : taken)
        CHECK(n == coroutines * times);
    CHECK(g.wait() == 0);
}

} // namespace

TEST_CASE("handlers run on their strand, whatever it is made of and however it is hidden") {
    SUBCASE("on an io_context with four threads") {
        asio::io_context context;
        check_strands(context);
    }
    SUBCASE("on a thread_pool") {
        asio::thread_pool pool(4);
        check_strands(pool);
    }
}

TEST_CASE("a handler that blocks its thread keeps nobody in the context's other threads waiting") {
    named<semaphore> reached{create_only, fresh_name()};
    giver first(1);
    giver second(1);
    asio::io_context context;
    bool other_has_run = false;
    async_acquire(context.get_executor(), *first.gift, [&](error_code) {
        second.wish->release();
        other_has_run = in_time([&](auto limit) { return reached->try_acquire_for(limit); });
    });
    async_acquire(context.get_executor(), *second.gift, [&](error_code) { reached->release(); });
    context.poll();
    first.wish->release();
    run_in(context, 2);
    REQUIRE(other_has_run);
    CHECK(reached->available() == 0);
    CHECK(first.wait() == 0);
    CHECK(second.wait() == 0);
}

TEST_CASE("a handler that blocks on a strand keeps nobody off that strand waiting") {
    named<semaphore> reached{create_only, fresh_name()};
    giver first(1);
    giver second(1);
    asio::thread_pool pool(2);
    // The first wait of a context is what its watch of the bell is set up from.
    const asio::any_io_executor strand = asio::make_strand(asio::any_io_executor(pool.get_executor()));
    async_acquire(strand, *first.gift, [&](error_code) {
        second.wish->release();
        reached->acquire();
    });
    async_acquire(pool.get_executor(), *second.gift, [&](error_code) { reached->release(); });
    first.wish->release();
    pool.join();
    CHECK(reached->available() == 0);
    CHECK(first.wait() == 0);
    CHECK(second.wait() == 0);
}

TEST_CASE("waits that begin and end in four threads at once leave no work behind") {
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 1000);
    named<semaphore> permits{create_only, fresh_name()};
    asio::io_context context;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::atomic<int> taken{0};
        const auto pass_on = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 20; ++i) {
                co_await async_acquire(*permits, asio::use_awaitable);
                ++taken;
                permits->release();
            }
        };
        for (int i = 0; i < 8; ++i)
            asio::co_spawn(context, pass_on(), rethrow);
        permits->release();
        context.restart();
        run_in(context, 4); // returns
        CHECK(taken == 160);
        CHECK(permits->try_acquire());
    }
}

TEST_CASE("operations may be started from threads that run no context") {
    constexpr int threads = 3;
    constexpr int each = 500;
    giver g(threads * each);
    asio::io_context context;
    std::atomic<int> taken{0};
    auto work = asio::make_work_guard(context);
    std::thread runner([&] { context.run(); });
    std::vector<std::thread> starters;
    for (int i = 0; i < threads; ++i)
        starters.emplace_back([&] {
            for (int k = 0; k < each; ++k) {
                async_acquire(context.get_executor(), *g.gift, [&](error_code ec) { taken += ec ? 0 : 1; });
                g.wish->release();
            }
        });
    for (auto& t : starters)
        t.join();
    work.reset();
    runner.join();
    CHECK(taken == threads * each);
    CHECK(g.wait() == 0);
    CHECK(g.gift->available() == 0);
}

TEST_CASE("a handler never runs inside the emission of its cancellation, nor inside the closing of the object") {
    std::optional<named<event>> closed{std::in_place, create_only, fresh_name()};
    named<event> cancelled{create_only, fresh_name()};
    asio::io_context context;
    asio::cancellation_signal signal;
    bool inside = false;
    int called = 0;
    const auto handler = [&](error_code ec) {
        CHECK(!inside);
        CHECK(ec == asio::error::operation_aborted);
        ++called;
    };
    async_wait(context.get_executor(), **closed, handler);
    async_wait(context.get_executor(), *cancelled, asio::bind_cancellation_slot(signal.slot(), handler));
    asio::post(context, [&] {
        inside = true;
        signal.emit(asio::cancellation_type::total);
        signal.emit(asio::cancellation_type::total); // it is over already: this finds nothing
        closed.reset();
        inside = false;
    });
    REQUIRE(runs_out(context));
    CHECK(called == 2);
}

TEST_CASE("run() goes on while a wait is pending and ends with the last one, again and again") {
    giver g(200);
    asio::io_context context;
    for (int i = 0; i < 200; ++i) {
        bool granted = false;
        bool cancelled = false;
        bool timed_out = false;
        asio::cancellation_signal signal;
        async_acquire(context.get_executor(), *g.gift, [&](error_code ec) {
            granted = !ec;
            signal.emit(asio::cancellation_type::total);
        });
        context.poll(); // the first in the line
        async_acquire(context.get_executor(), *g.gift, asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) {
                          cancelled = ec == asio::error::operation_aborted;
                      }));
        async_acquire_for(context.get_executor(), *g.gift, -1s,
                          [&](error_code ec) { timed_out = ec == errc::timed_out; });
        g.wish->release();
        REQUIRE(runs_out(context));
        CHECK(granted);
        CHECK(cancelled);
        CHECK(timed_out);
        CHECK(context.stopped());
        context.restart();
    }
    CHECK(context.poll() == 0); // nothing was left behind
    CHECK(g.wait() == 0);
}

TEST_CASE("deadlines come in their own order, not in that of the calls, and none too early") {
    named<semaphore> permits{create_only, fresh_name()};
    auto random = generator();
    asio::io_context context;
    std::vector<std::uint64_t> order;
    constexpr int waits = 200;
    const auto start = std::chrono::steady_clock::now() + 1s; // by then all of them wait, on a slow machine too
    for (int i = 0; i < waits; ++i) {
        const auto delay = random() % 50'000;
        const auto moment = start + std::chrono::microseconds(delay);
        async_acquire_until(context.get_executor(), *permits, moment, [&order, delay, moment](error_code ec) {
            CHECK(ec == errc::timed_out);
            CHECK(std::chrono::steady_clock::now() >= moment);
            order.push_back(delay);
        });
    }
    REQUIRE(runs_out(context));
    CHECK(order.size() == waits);
    CHECK(std::is_sorted(order.begin(), order.end()));
    permits->release();
    CHECK(permits->try_acquire());
}

TEST_CASE("a wait that began later and ends sooner is not kept until the others end") {
    named<semaphore> permits{create_only, fresh_name()};
    asio::io_context context;
    asio::cancellation_signal signal;
    int called = 0;
    async_acquire_for(context.get_executor(), *permits, 1h,
                      asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) {
                          CHECK(ec == asio::error::operation_aborted);
                          ++called;
                      }));
    async_acquire_for(context.get_executor(), *permits, 1ms, [&](error_code ec) {
        CHECK(ec == errc::timed_out);
        ++called;
        signal.emit(asio::cancellation_type::total);
    });
    REQUIRE(runs_out(context));
    CHECK(called == 2);
}

TEST_CASE("a future's wait is in the context that is named") {
    giver g(1);
    asio::thread_pool pool(1);
    auto taken = async_acquire(pool.get_executor(), *g.gift, asio::use_future);
    g.wish->release();
    taken.get();
    pool.join();
    CHECK(g.wait() == 0);
}

TEST_CASE("a wait is in the context that is named, and its handler runs on the executor that is bound to it") {
    named<semaphore> permits{create_only, fresh_name()};
    asio::io_context waits;
    asio::io_context handles;
    const auto strand = asio::make_strand(handles);
    int called = 0;
    const auto handler = [&](error_code ec) {
        CHECK(!ec);
        CHECK(strand.running_in_this_thread());
        ++called;
    };
    async_acquire(waits.get_executor(), *permits, asio::bind_executor(strand, handler));
    async_acquire(waits.get_executor(), *permits, asio::bind_executor(strand, handler));
    CHECK(handles.poll() == 0);
    CHECK(!handles.stopped()); // it has something to wait for
    permits->release();
    waits.run_one();
    while (called == 0) {
        waits.poll();
        handles.poll();
    }
    permits->release();
    REQUIRE(runs_out(waits));
    CHECK(called == 1);
    REQUIRE(runs_out(handles)); // returns: nothing is left
    CHECK(called == 2);
}
