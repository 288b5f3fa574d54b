// The completion tokens: one operation, handed over in every way that Asio knows.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Runs the coroutine to its end; what it throws, this throws.
void run(asio::awaitable<void> body) {
    asio::io_context io;
    asio::co_spawn(io, std::move(body), [](const std::exception_ptr& e) {
        if (e)
            std::rethrow_exception(e);
    });
    io.run();
}

} // namespace

// Pops from the one and pushes twice that to the other, until the first is closed.
CROSSWAKE_ROLE(double_it) {
    named<queue<int>> in{open_only, args[0]};
    named<queue<int>> out{open_only, args[1]};
    std::error_code end;
    while (const auto n = in->pop(end))
        out->push(2 * *n);
    return 0;
}

TEST_CASE("the default token is deferred, and can be co_awaited") {
    const auto there = fresh_name();
    const auto back = fresh_name();
    named<queue<int>> out{create_only, there, 4};
    named<queue<int>> in{create_only, back, 4};
    child c{"double_it", {there, back}};
    run([&]() -> asio::awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            co_await async_push(*out, i);
            CHECK(co_await async_pop(*in) == 2 * i);
        }
        out->close();
    }());
    CHECK(c.wait() == 0);
}

TEST_CASE("a deferred operation starts when it is given a handler, and its timeout counts from then") {
    named<semaphore> s{create_only, fresh_name()};
    asio::io_context io;
    auto later = async_acquire_for(*s, 20ms);
    const auto named_at = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - named_at < 25ms)
        std::this_thread::yield();
    const auto started_at = std::chrono::steady_clock::now();
    std::optional<boost::system::error_code> result;
    std::move(later)(asio::bind_executor(io, [&](boost::system::error_code ec) { result = ec; }));
    CHECK_FALSE(result.has_value());
    io.run();
    REQUIRE(result.has_value());
    CHECK(*result == errc::timed_out);
    CHECK(std::chrono::steady_clock::now() - started_at >= 20ms);
}

TEST_CASE("as_tuple hands over the error and the value") {
    named<queue<int>> q{create_only, fresh_name(), 4};
    q->push(7);
    run([&]() -> asio::awaitable<void> {
        const auto [ec, item] = co_await async_pop(*q, asio::as_tuple(asio::use_awaitable));
        CHECK_FALSE(ec);
        CHECK(item == 7);
        const auto [late, nothing] = co_await async_pop_for(*q, 1ms, asio::as_tuple(asio::use_awaitable));
        CHECK(late == errc::timed_out);
        CHECK(late == boost::system::errc::timed_out);
        CHECK(nothing == 0);
        q->close();
        const auto [end, none] = co_await async_pop(*q, asio::as_tuple(asio::deferred));
        CHECK(end == errc::closed);
        CHECK(none == 0);
    }());
}

TEST_CASE("each wait takes a moment as its deadline, and one that is over at once does not mind which") {
    named<semaphore> s{create_only, fresh_name(), 1};
    named<event> e{create_only, fresh_name(), reset_mode::automatic, true};
    named<mutex> m{create_only, fresh_name()};
    named<queue<int>> q{create_only, fresh_name(), 4};
    named<work_queue<int>> w{create_only, fresh_name(), 1};
    named<message_queue> mq{create_only, fresh_name(), 4096};
    run([&]() -> asio::awaitable<void> {
        const auto now = std::chrono::steady_clock::now();
        constexpr auto said = asio::as_tuple(asio::use_awaitable);
        const int items[] = {1, 2, 3};
        int popped[3] = {};
        CHECK(std::get<0>(co_await async_pop_until(*q, now, said)) == errc::timed_out);
        CHECK(std::get<0>(co_await async_pop_some_until(*q, now, popped, said)) == errc::timed_out);
        CHECK(std::get<0>(co_await async_take_until(*w, now, said)) == errc::timed_out);
        CHECK(std::get<0>(co_await async_receive_until(*mq, now, said)) == errc::timed_out);

        CHECK_FALSE(std::get<0>(co_await async_acquire_until(*s, now, said)));
        CHECK_FALSE(std::get<0>(co_await async_wait_until(*e, now, said)));
        CHECK_FALSE(std::get<0>(co_await async_push_until(*q, now, 7, said)));
        CHECK(std::get<1>(co_await async_push_some_until(*q, now, items, said)) == 3);
        CHECK(std::get<1>(co_await async_pop_until(*q, now, said)) == 7);
        CHECK(std::get<1>(co_await async_pop_some_until(*q, now, popped, said)) == 3);
        CHECK_FALSE(std::get<0>(co_await async_push_until(*w, now, 5, said)));
        auto [none, held] = co_await async_take_until(*w, now, said);
        CHECK(held.item() == 5);
        held.confirm();
        auto [ec, r] = co_await async_reserve_until(*mq, now, 8, said);
        CHECK_FALSE(ec);
        r.commit();
        CHECK(std::get<1>(co_await async_receive_until(*mq, now, said)).data().size() == 8);
        const auto [got, guard] = co_await async_lock_until(*m, now, said);
        CHECK(guard.owns_lock());
        CHECK(std::get<0>(co_await async_lock_until(*m, now, said)) == errc::timed_out);

        CHECK(std::get<0>(co_await async_acquire_until(*s, now, said)) == errc::timed_out);
        CHECK(std::get<0>(co_await async_wait_until(*e, now, said)) == errc::timed_out);
    }());
    const int more[] = {1, 2};
    CHECK(q->push_some_until(std::chrono::system_clock::now(), more) == 2);
}

TEST_CASE("use_awaitable throws what as_tuple would hand over") {
    named<queue<int>> q{create_only, fresh_name(), 1};
    const auto error_of = [](asio::awaitable<void> body) {
        try {
            run(std::move(body));
        } catch (const boost::system::system_error& e) {
            return e.code();
        }
        return boost::system::error_code();
    };
    CHECK(error_of([&]() -> asio::awaitable<void> { co_await async_pop_for(*q, 0ms, asio::use_awaitable); }()) ==
          errc::timed_out);
    q->push(1);
    CHECK(error_of([&]() -> asio::awaitable<void> {
              co_await async_push_until(*q, std::chrono::steady_clock::now(), 2, asio::use_awaitable);
          }()) == errc::timed_out);
    q->close();
    CHECK(error_of([&]() -> asio::awaitable<void> { co_await async_push(*q, 3, asio::use_awaitable); }()) ==
          errc::closed);
    CHECK(q->size() == 1);
}

TEST_CASE("redirect_error keeps the value and does not throw") {
    named<queue<int>> q{create_only, fresh_name(), 1};
    run([&]() -> asio::awaitable<void> {
        boost::system::error_code ec;
        co_await async_pop_for(*q, 0ms, asio::redirect_error(asio::use_awaitable, ec));
        CHECK(ec == errc::timed_out);
        q->push(5);
        CHECK(co_await async_pop(*q, asio::redirect_error(asio::use_awaitable, ec)) == 5);
        CHECK_FALSE(ec);
    }());
}

TEST_CASE("use_future works with the executor as the first argument, for each primitive") {
    struct all {
        queue<int, 2> items;
        event ready;
        mutex door;
        semaphore slots;
    };
    named<all> a{create_only, fresh_name()};
    asio::thread_pool pool(1);
    const auto ex = pool.get_executor();
    auto item = async_pop(ex, a->items, asio::use_future);
    auto ready = async_wait(ex, a->ready, asio::use_future);
    auto slot = async_acquire(ex, a->slots, asio::use_future);
    async_push(ex, a->items, 9, asio::use_future).get();
    CHECK(item.get() == 9);
    a->ready.set();
    ready.get();
    a->slots.release();
    slot.get();
    {
        const auto hold = async_lock(ex, a->door, asio::use_future).get();
        CHECK(hold.owns_lock());
        CHECK(hold.status() == lock_status::acquired);
        CHECK_THROWS_AS(async_lock_for(ex, a->door, 1ms, asio::use_future).get(), boost::system::system_error);
    }
    CHECK(async_lock(ex, a->door, asio::use_future).get().owns_lock());
    pool.join();
}

TEST_CASE("a handler may be a callback that can only be moved") {
    named<mutex> m{create_only, fresh_name()};
    asio::io_context io;
    auto witness = std::make_unique<int>(0);
    auto* const seen = witness.get();
    bool owned = false;
    async_lock(io.get_executor(), *m, [w = std::move(witness), &owned](boost::system::error_code ec, unique_lock hold) {
        *w = ec ? 1 : 2;
        owned = hold.owns_lock();
        CHECK(*w == 2);
    });
    CHECK(*seen == 0);
    io.run();
    CHECK(owned);
    CHECK(m->try_lock()); // the guard went with the handler
    m->unlock();
}

TEST_CASE("of two waits joined by ||, the one that loses takes nothing") {
    using namespace asio::experimental::awaitable_operators;
    struct two {
        semaphore left;
        semaphore right;
    };
    named<two> s{create_only, fresh_name()};
    for (int round = 0; round < 200; ++round) {
        run([&]() -> asio::awaitable<void> {
            asio::post(co_await asio::this_coro::executor, [&] { s->right.release(); });
            const auto winner =
                co_await (async_acquire(s->left, asio::use_awaitable) || async_acquire(s->right, asio::use_awaitable));
            CHECK(winner.index() == 1);
        }());
        CHECK(s->left.available() == 0);
        CHECK(s->right.available() == 0);
    }
    s->left.release();
    CHECK(s->left.try_acquire());
}

TEST_CASE("_until takes a time point of any clock") {
    named<event> e{create_only, fresh_name()};
    run([&]() -> asio::awaitable<void> {
        const auto [steady] =
            co_await async_wait_until(*e, std::chrono::steady_clock::now() + 5ms, asio::as_tuple(asio::use_awaitable));
        CHECK(steady == errc::timed_out);
        const auto [wall] =
            co_await async_wait_until(*e, std::chrono::system_clock::now() + 5ms, asio::as_tuple(asio::use_awaitable));
        CHECK(wall == errc::timed_out);
        e->set();
        const auto [past] = co_await async_wait_until(*e, std::chrono::steady_clock::time_point::min(),
                                                      asio::as_tuple(asio::use_awaitable));
        CHECK_FALSE(past); // a deadline in the past still tries once
    }());
}
