// What a process has is the same before and after very many opens, closes, waits and cancels.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/possessions.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <forward_list>
#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// What nobody gets: there is none, and no room.
struct in_vain {
    named<semaphore> permits{create_only, fresh_name()};
    named<event> flag{create_only, fresh_name()};
    named<queue<int>> empty{create_only, fresh_name(), 1};
    named<queue<int>> full{create_only, fresh_name(), 1};
    named<work_queue<int>> work{create_only, fresh_name(), 1};
    named<work_queue<int>> much_work{create_only, fresh_name(), 1};
    named<message_queue> post{create_only, fresh_name(), 64};
    reservation all_room = post->reserve(64);

    in_vain() {
        full->push(1);
        much_work->push(1);
    }
    /// Hands an operation for each of them to somebody, in turn.
    template <class Somebody>
    void each(Somebody&& gets) const {
        gets(semaphore::acquire_operation{*permits});
        gets(event::wait_operation{*flag});
        gets(detail::pop_operation<int>{empty->ref()});
        gets(detail::push_operation<int>{full->ref(), 1});
        gets(detail::take_operation<int>{work->ref()});
        gets(detail::push_operation<int, detail::work_queue_ref<int>>{much_work->ref(), 1});
        gets(detail::receive_operation{post->ring()});
        gets(detail::reserve_operation{post->ring(), 64});
    }
};

} // namespace

TEST_CASE("what leaves sixteen bytes each time does not leave nothing" * doctest::skip(is_instrumented)) {
    const auto times = knob("CROSSWAKE_TEST_OPENS", 2000);
    std::forward_list<std::uint64_t> left;
    const auto [before, after] = doing_it(times, [&] { left.push_front(7); });
    CHECK(after.memory > before.memory + memory_of_no_account);
}

TEST_CASE("making and closing objects leaves nothing" * doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        {
            named<event> made{create_only, name};
            named<event> opened{open_only, name};
            made->set();
            opened->wait();
        }
        {
            named<mutex> made{create_only, name};
            named<mutex> opened{open_only, name};
            made->lock();
            opened->unlock();
        }
        {
            named<semaphore> made{create_only, name};
            named<semaphore> opened{open_only, name};
            made->release();
            opened->acquire();
        }
    });
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        named<queue<int>> made{create_only, name, 16};
        named<queue<int>> opened{open_only, name};
        made->push(1);
        REQUIRE(opened->pop() == 1);
    });
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        named<work_queue<int>> made{create_only, name, 16};
        named<work_queue<int>> opened{open_only, name};
        made->push(1);
        opened->take().put_back();
        opened->take().confirm();
        REQUIRE(made->empty());
    });
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        named<message_queue> made{create_only, name, 1000};
        named<message_queue> opened{open_only, name};
        made->reserve(1000).abort();
        made->reserve(1000).commit();
        opened->receive().put_back();
        REQUIRE(opened->receive().size() == 1000);
    });
}

TEST_CASE("opening and closing an object that stays, and waiting in it each time, leaves nothing" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<semaphore> stays{create_only, name};
    reactor r;
    poll_loop loop{r};
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        remembered p;
        named<semaphore> opened{open_only, name};
        semaphore::acquire_operation op{*opened};
        std::error_code error;
        REQUIRE(r.start(p, op, error) == start_result::waiting);
        stays->release();
        loop.run_until([&] { return p.is_over(); });
    });
}

TEST_CASE("being refused an object leaves nothing" * doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<semaphore> stays{create_only, name};
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
        CHECK_THROWS_AS((named<mutex>{open_only, name}), std::system_error);
        CHECK_THROWS_AS((named<semaphore>{create_only, name}), std::system_error);
        CHECK_THROWS_AS((named<semaphore>{open_only, name + "-not"}), std::system_error);
    });
}

TEST_CASE("waiting and cancelling leaves nothing" * doctest::skip(is_instrumented)) {
    const in_vain none;
    reactor r;
    has_the_same_after(knob("CROSSWAKE_TEST_CANCELS", 20'000),
                       [&] { none.each([&](const auto& op) { wait_and_cancel(r, op); }); });
    CHECK(r.waiting() == 0);
}

TEST_CASE("waiting until it is too late leaves nothing" * doctest::skip(is_instrumented)) {
    const in_vain none;
    for (const auto* const way : both_ways) {
        CAPTURE(std::string(way));
        waiter w{way};
        has_the_same_after(knob("CROSSWAKE_TEST_TIMEOUTS", 1000), [&] {
            none.each([&](auto op) { REQUIRE(w.wait(op, deadline::after(1us)) == wait_result::timed_out); });
        });
    }
}

TEST_CASE("making a reactor, waiting in it and destroying it leaves nothing" * doctest::skip(is_instrumented)) {
    named<semaphore> none{create_only, fresh_name()};
    has_the_same_after(knob("CROSSWAKE_TEST_REACTORS", 1000), [&] {
        remembered p;
        semaphore::acquire_operation op{*none};
        reactor r;
        std::error_code error;
        REQUIRE(r.start(p, op, error) == start_result::waiting);
        REQUIRE(r.cancel(p));
    });
}

// The last one: where Asio has threads of the system's, those end when they have had nothing to do for a while.
TEST_CASE("awaiting and cancelling leaves nothing" * doctest::skip(is_instrumented)) {
    const in_vain none;
    asio::io_context io;
    const auto ex = io.get_executor();
    constexpr int all = 8;
    asio::cancellation_signal signals[all];
    int cancelled = 0;
    const auto until_cancelled = [&](int which) {
        return asio::bind_cancellation_slot(signals[which].slot(), [&](boost::system::error_code ec, auto&&...) {
            cancelled += ec == asio::error::operation_aborted ? 1 : 0;
        });
    };
    const auto cancel = [&](int which) { signals[which].emit(asio::cancellation_type::total); };
    // All the while, or the bell is watched anew each time: by a system's threads, somewhere, whose memory would count.
    async_acquire(ex, *none.permits, until_cancelled(0));
    has_the_same_after(knob("CROSSWAKE_TEST_CANCELS", 20'000), [&] {
        cancelled = 0;
        async_wait(ex, *none.flag, until_cancelled(1));
        async_pop(ex, *none.empty, until_cancelled(2));
        async_push(ex, *none.full, 1, until_cancelled(3));
        async_take(ex, *none.work, until_cancelled(4));
        async_push(ex, *none.much_work, 1, until_cancelled(5));
        async_receive(ex, *none.post, until_cancelled(6));
        async_reserve(ex, *none.post, 64, until_cancelled(7));
        for (int which = 1; which < all; ++which)
            cancel(which);
        io.poll();
        REQUIRE(cancelled == all - 1);
    });
    cancel(0);
    io.run();
    CHECK(cancelled == all);
}
