// What a killed process had in hand, and others await: its lock, its item of a work queue, its message.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

struct room {
    mutex door;
    work_queue<int, 4> work;
    semaphore holds;
    semaphore never;
};

} // namespace

// args: room, queue of messages, what it takes.
CROSSWAKE_ROLE(take_and_stay) {
    named<room> r{open_only, args[0]};
    named<message_queue> q{open_only, args[1]};
    unique_lock lock;
    delivery<int> item;
    message m;
    if (args[2] == "lock")
        lock = unique_lock(r->door);
    else if (args[2] == "item")
        item = r->work.take();
    else
        m = q->receive();
    r->holds.release();
    r->never.acquire();
    return 0;
}

namespace {

/// A process that has it in hand, and is killed when it is awaited here. await(executor, objects, done) starts to, and
/// calls done(was_told) in the end.
template <class Await>
void kill_its_holder(const char* what, std::chrono::nanoseconds recheck, Await await) {
    set_recheck_interval(recheck);
    for (const bool is_watching_already : {false, true}) {
        CAPTURE(is_watching_already);
        const auto name = fresh_name();
        const auto queue_name = fresh_name();
        named<room> r{create_only, name};
        named<message_queue> q{create_only, queue_name, 1024, 16};
        r->work.push(7);
        auto place = q->reserve(1);
        place.commit();
        child owner{"take_and_stay", {name, queue_name, what}};
        r->holds.acquire();

        asio::io_context context;
        const auto ex = context.get_executor();
        asio::cancellation_signal enough;
        if (is_watching_already) {
            async_acquire(ex, r->never, asio::bind_cancellation_slot(enough.slot(), asio::detached));
            context.poll(); // its watch and its timer are set, for the next look
        }
        int came = 0;
        await(ex, *r, *q, [&](bool was_told) {
            ++came;
            CHECK(was_told);
            enough.emit(asio::cancellation_type::total);
        });
        context.run_for(std::chrono::milliseconds(250)); // several looks
        CHECK(came == 0);
        owner.kill();
        context.run();
        CHECK(came == 1);
    }
}

} // namespace

TEST_CASE("an awaited lock whose owner is killed goes to who awaits it, who is told") {
    kill_its_holder("lock", std::chrono::hours(1), [](auto ex, room& r, message_queue&, auto done) {
        async_lock(ex, r.door, [done](error_code ec, unique_lock hold) {
            done(!ec && hold.owns_lock() && hold.status() == lock_status::acquired_from_dead_owner);
        });
    });
}

// The next look is an hour away by then: somebody has to be told of the death.
TEST_CASE("an awaited item whose taker is killed goes to who awaits it, who is told") {
    kill_its_holder("item", std::chrono::hours(1), [](auto ex, room& r, message_queue&, auto done) {
        async_take(ex, r.work, [done](error_code ec, delivery<int> d) {
            done(!ec && d.item() == 7 && d.redelivered() == 1);
            if (d)
                d.confirm();
        });
    });
}

// A receiver that looks now and then finds out by itself.
TEST_CASE("an awaited message whose receiver is killed goes to who awaits it, who is told") {
    kill_its_holder("message", std::chrono::milliseconds(20), [](auto ex, room&, message_queue& q, auto done) {
        async_receive(ex, q,
                      [done](error_code ec, const message& m) { done(!ec && m.size() == 1 && m.redelivered() == 1); });
    });
}
