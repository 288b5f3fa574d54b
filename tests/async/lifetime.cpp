// Contexts and handles that go while operations are pending.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/runs_out.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

struct several {
    semaphore permits;
    event once;
    mutex door;
    queue<int, 4> items;
    work_queue<int, 4> work;
};

/// Tells when it is destroyed, and whether it was called.
struct witness {
    std::shared_ptr<int> alive;
    int* calls;
    template <class... Args>
    void operator()(boost::system::error_code, Args&&...) const {
        ++*calls;
    }
};

} // namespace

CROSSWAKE_ROLE(release_and_take_back) {
    named<several> s{open_only, args[0]};
    s->permits.release();
    return 0;
}

TEST_CASE("destroying a context destroys pending handlers uncalled, and leaves nothing announced") {
    const auto name = fresh_name();
    named<several> s{create_only, name};
    const auto alive = std::make_shared<int>(0);
    int calls = 0;
    {
        asio::io_context io;
        const auto ex = io.get_executor();
        async_acquire(ex, s->permits, witness{alive, &calls});
        async_wait(ex, s->once, witness{alive, &calls});
        async_pop(ex, s->items, witness{alive, &calls});
        s->door.lock();
        async_lock(ex, s->door, witness{alive, &calls});
        io.poll();
        CHECK(alive.use_count() == 5);
    }
    CHECK(calls == 0);
    CHECK(alive.use_count() == 1);
    s->door.unlock();

    // What another process does now reaches nobody and is there for the next one.
    child c{"release_and_take_back", {name}};
    CHECK(c.wait() == 0);
    CHECK(s->permits.try_acquire());
}

TEST_CASE("what was granted to a handler that dies undelivered is given back, but for an item of a queue") {
    named<several> s{create_only, fresh_name()};
    int calls = 0;
    s->permits.release(1);
    s->once.set();
    s->items.push(1);
    s->work.push(2);
    {
        asio::io_context io;
        const auto ex = io.get_executor();
        async_acquire(ex, s->permits, witness{nullptr, &calls});
        async_wait(ex, s->once, witness{nullptr, &calls});
        async_lock(ex, s->door, witness{nullptr, &calls});
        async_pop(ex, s->items, witness{nullptr, &calls});
        async_take(ex, s->work, witness{nullptr, &calls});
        CHECK(s->work.in_hand() == 1);
        CHECK(s->permits.available() == 0);
        CHECK_FALSE(s->once.is_set());
        CHECK_FALSE(s->door.try_lock());
    }
    CHECK(calls == 0);
    CHECK(s->permits.available() == 1);
    CHECK(s->once.is_set());
    CHECK(s->items.empty());
    auto given_back = s->work.try_take();
    CHECK(given_back.item() == 2);
    CHECK(given_back.redelivered() == 1);
    given_back.confirm();
    CHECK(s->door.try_lock() == lock_status::acquired);
    s->door.unlock();
}

TEST_CASE("a grant that was never delivered wakes somebody else") {
    named<several> s{create_only, fresh_name()};
    asio::io_context second;
    bool woken = false;
    async_lock(second.get_executor(), s->door,
               [&](boost::system::error_code ec, unique_lock hold) { woken = !ec && hold.owns_lock(); });
    bool taken = false;
    {
        asio::io_context first;
        async_lock(first.get_executor(), s->door, [&](boost::system::error_code, unique_lock) { taken = true; });
        // Both have been granted nothing or something by now; whoever was is dropped undelivered.
    }
    REQUIRE(runs_out(second));
    CHECK_FALSE(taken);
    CHECK(woken);
}

TEST_CASE("waits go on while their process has any handle of the object, and closing the last one aborts them") {
    const auto name = fresh_name();
    std::optional<named<several>> first{std::in_place, create_only, name};
    std::optional<named<several>> last{std::in_place, open_only, name};
    asio::io_context io;
    int aborted = 0;
    int granted = 0;
    const auto count = [&](boost::system::error_code ec) {
        aborted += ec == asio::error::operation_aborted ? 1 : 0;
        granted += ec ? 0 : 1;
    };
    async_acquire(io.get_executor(), (*first)->permits, count);
    async_acquire(io.get_executor(), (*first)->permits, count);
    async_acquire(io.get_executor(), (*last)->permits, count);
    io.poll();
    first.reset();
    io.poll();
    CHECK(aborted == 0);
    (*last)->permits.release();
    while (granted == 0)
        io.run_one();
    last.reset();
    REQUIRE(runs_out(io));
    CHECK(granted == 1);
    CHECK(aborted == 2);
}

TEST_CASE("a stopped context keeps its waits, and goes on with them after restart()") {
    named<several> s{create_only, fresh_name()};
    asio::io_context io;
    bool done = false;
    async_acquire(io.get_executor(), s->permits, [&](boost::system::error_code ec) { done = !ec; });
    asio::post(io, [&] { io.stop(); });
    REQUIRE(runs_out(io));
    s->permits.release();
    CHECK_FALSE(done);
    io.restart();
    REQUIRE(runs_out(io));
    CHECK(done);
}

TEST_CASE("what a handler throws leaves run(), and costs the other handlers nothing") {
    named<several> s{create_only, fresh_name()};
    asio::io_context io;
    int done = 0;
    for (int i = 0; i < 5; ++i)
        async_acquire(io.get_executor(), s->permits, [&](boost::system::error_code) {
            if (++done % 2 == 1)
                throw std::runtime_error("odd");
        });
    io.poll();
    s->permits.release(5);
    int thrown = 0;
    for (;;)
        try {
            const bool is_over = runs_out(io);
            REQUIRE(is_over);
            break;
        } catch (const std::runtime_error&) {
            ++thrown;
        }
    CHECK(done == 5);
    CHECK(thrown == 3);

    // One alone runs straight from the dispatch: the context has to be watching again all the same.
    async_acquire(io.get_executor(), s->permits,
                  [](boost::system::error_code) -> void { throw std::runtime_error("alone"); });
    async_wait(io.get_executor(), s->once, [&](boost::system::error_code) { ++done; });
    io.restart();
    io.poll();
    s->permits.release();
    CHECK_THROWS_AS(io.run(), std::runtime_error);
    s->once.set();
    REQUIRE(runs_out(io));
    CHECK(done == 6);
}
