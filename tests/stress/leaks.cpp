// What a process has is the same before and after very many opens, closes, waits and cancels.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/possessions.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
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
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

/// What nobody gets: there is none, and no room.
struct in_vain {
    named<semaphore> permits{create_only, fresh_name()};
    named<work_queue<int>> work{create_only, fresh_name(), 1};
    named<message_queue> post{create_only, fresh_name(), 64};
    reservation all_room = post->reserve(64);
};

} // namespace

TEST_CASE("making and closing objects leaves nothing" * doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
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
    has_the_same_after(knob("CROSSWAKE_TEST_CANCELS", 20'000), [&] {
        wait_and_cancel(r, semaphore::acquire_operation{*none.permits});
        wait_and_cancel(r, detail::take_operation<int>{none.work->ref()});
        wait_and_cancel(r, detail::receive_operation{none.post->ring()});
        wait_and_cancel(r, detail::reserve_operation{none.post->ring(), 64});
    });
    CHECK(r.waiting() == 0);
}

TEST_CASE("making a reactor, waiting in it and destroying it leaves nothing" * doctest::skip(is_instrumented)) {
    named<semaphore> none{create_only, fresh_name()};
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000), [&] {
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
    asio::cancellation_signal signals[4];
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
        async_take(ex, *none.work, until_cancelled(1));
        async_receive(ex, *none.post, until_cancelled(2));
        async_reserve(ex, *none.post, 64, until_cancelled(3));
        for (const int which : {1, 2, 3})
            cancel(which);
        io.poll();
        REQUIRE(cancelled == 3);
    });
    cancel(0);
    io.run();
    CHECK(cancelled == 4);
}
