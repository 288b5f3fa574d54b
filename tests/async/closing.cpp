// What was under way when a context or a handle went: rings that nobody heard, grants that nobody was told of.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/spin.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// One object of each kind, none of which has anything to give.
struct things {
    named<semaphore> permits{create_only, fresh_name("permits")};
    named<event> setting{create_only, fresh_name("event")};
    named<mutex> door{create_only, fresh_name("door")};
    named<queue<int>> items{create_only, fresh_name("items"), 1};
    named<queue<int>> room{create_only, fresh_name("room"), 1};

    things() {
        room->push(1);
        door->lock();
    }
    void give_all() {
        permits->release();
        setting->set();
        door->unlock();
        items->push(2);
        (void)room->pop();
    }
    static constexpr int kinds = 5;
    /// Starts one operation of each kind.
    template <class Handler>
    void await_all(const asio::io_context::executor_type& ex, const Handler& h) {
        const auto any = [h](error_code ec, const auto&...) { h(ec); };
        async_acquire(ex, *permits, any);
        async_wait(ex, *setting, any);
        async_lock(ex, *door, any);
        async_pop(ex, *items, any);
        async_push(ex, *room, 3, any);
    }
};

/// Copies share the count; how many there are tells how many handlers live.
struct counted_handler {
    std::shared_ptr<int> called;
    std::vector<error_code>* results = nullptr;
    void operator()(error_code ec) const {
        ++*called;
        if (results != nullptr)
            results->push_back(ec);
    }
};

} // namespace

// Says through the second that it waits for the first, and ends when it has got it.
CROSSWAKE_ROLE(acquire_awaited) {
    named<semaphore> permits{open_only, args[0]};
    named<semaphore> here{open_only, args[1]};
    asio::io_context context;
    bool got = false;
    async_acquire(context.get_executor(), *permits, [&](error_code ec) { got = !ec; });
    context.poll();
    here->release();
    context.run();
    return got ? 0 : 1;
}

CROSSWAKE_ROLE(acquire_blocked) {
    named<semaphore> permits{open_only, args[0]};
    named<semaphore> here{open_only, args[1]};
    here->release();
    permits->acquire();
    return 0;
}

TEST_CASE("what a wait was granted is given back if its context goes before the handler had its turn") {
    things t;
    const auto called = std::make_shared<int>(0);
    {
        asio::io_context context;
        t.await_all(context.get_executor(), counted_handler{called});
        context.poll();
        CHECK(called.use_count() == 1 + things::kinds);
        t.give_all();
        // Several are granted in this turn of the loop, so their handlers have to queue for the next.
        while (t.permits->available() != 0)
            context.run_one();
        CHECK(!t.setting->is_set());
        CHECK(*called == 0);
    }
    CHECK(called.use_count() == 1);
    CHECK(*called == 0);
    CHECK(t.permits->available() == 1);
    CHECK(t.setting->is_set());
    CHECK(t.door->try_lock() == lock_status::acquired);
    CHECK(t.room->try_pop() == 3); // it went in
}

TEST_CASE("what a destroyed handler gives back wakes the next in another process") {
    for (const std::string next : {"acquire_awaited", "acquire_blocked"}) {
        CAPTURE(next);
        named<semaphore> permits{create_only, fresh_name(), 1};
        named<semaphore> here{create_only, fresh_name()};
        std::optional<asio::io_context> context{std::in_place};
        async_acquire(context->get_executor(), *permits, [](error_code) {});
        CHECK(permits->available() == 0);
        child c{next, {permits.name(), here.name()}};
        here->acquire();
        if (next == "acquire_blocked")
            until_asleep(c.pid());
        context.reset();
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("a ring that a destroyed context never heard is passed on to another process") {
    for (int i = 0; i < 30; ++i) {
        named<semaphore> permits{create_only, fresh_name()};
        named<semaphore> here{create_only, fresh_name()};
        std::optional<asio::io_context> context{std::in_place};
        async_acquire(context->get_executor(), *permits, [](error_code) {});
        context->poll(); // the first to wait, and so the first to be rung
        child c{"acquire_awaited", {permits.name(), here.name()}};
        here->acquire();
        permits->release();
        context.reset();
        CHECK(c.wait() == 0);
        CHECK(permits->available() == 0);
    }
}

TEST_CASE("a ring that a closed handle never heard is passed on to another process") {
    for (int i = 0; i < 30; ++i) {
        const auto name = fresh_name();
        named<semaphore> here{create_only, fresh_name()};
        std::optional<named<semaphore>> mine{std::in_place, create_only, name};
        asio::io_context context;
        error_code result;
        async_acquire(context.get_executor(), **mine, [&](error_code ec) { result = ec; });
        context.poll();
        child c{"acquire_awaited", {name, here.name()}};
        here->acquire();
        (*mine)->release();
        mine.reset(); // this process's last
        CHECK(c.wait() == 0);
        context.run();
        CHECK(result == asio::error::operation_aborted);
    }
}

TEST_CASE("contexts leave their seats: very many come and go at one object") {
    named<semaphore> permits{create_only, fresh_name()};
    for (int i = 0; i < 300; ++i) {
        asio::io_context context;
        async_acquire(context.get_executor(), *permits, [](error_code) {});
        context.poll();
    }
    asio::io_context context;
    bool got = false;
    async_acquire(context.get_executor(), *permits, [&](error_code ec) { got = !ec; });
    context.poll();
    permits->release();
    context.run();
    CHECK(got);
    CHECK(permits->available() == 0);
}

// args: what to release, what to wait for, how often.
CROSSWAKE_ROLE(release_when_told) {
    named<semaphore> permits{open_only, args[0]};
    named<semaphore> told{open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        told->acquire();
        permits->release();
    }
    return 0;
}

TEST_CASE("contexts that follow one another are each reached by a peer that rang the ones before") {
    const auto name = fresh_name();
    const auto told_name = fresh_name();
    named<semaphore> permits{create_only, name};
    named<semaphore> told{create_only, told_name};
    constexpr int times = 100;
    child peer{"release_when_told", {name, told_name, std::to_string(times)}};
    for (int i = 0; i < times; ++i) {
        asio::io_context context; // has the descriptors that the one before it had
        bool got = false;
        async_acquire(context.get_executor(), *permits, [&](error_code ec) { got = !ec; });
        told->release();
        context.run();
        CHECK(got);
    }
    CHECK(peer.wait() == 0);
}

TEST_CASE("contexts give back their descriptors") {
    named<semaphore> permits{create_only, fresh_name()};
    const auto use_one = [&] {
        asio::io_context context;
        async_acquire(context.get_executor(), *permits, [](error_code) {});
        context.poll();
    };
    use_one();
    const auto before = descriptor_count();
    for (int i = 0; i < 20; ++i)
        use_one();
    CHECK(descriptor_count() == before);
}

TEST_CASE("closing a handle aborts its waits of every kind") {
    asio::io_context context;
    const auto called = std::make_shared<int>(0);
    std::vector<error_code> results;
    std::optional<things> t{std::in_place};
    t->await_all(context.get_executor(), counted_handler{called, &results});
    context.poll();
    CHECK(*called == 0);
    t.reset();
    context.run();
    CHECK(results.size() == things::kinds);
    CHECK(std::all_of(results.begin(), results.end(),
                      [](error_code ec) { return ec == asio::error::operation_aborted; }));
    CHECK(called.use_count() == 1);
}

TEST_CASE("a lock that was granted and not yet delivered when the handle was closed is given back") {
    const auto name = fresh_name();
    named<mutex> other{create_only, name};
    std::optional<named<mutex>> door{std::in_place, open_only, name};
    asio::io_context context;
    bool called = false;
    async_lock(context.get_executor(), **door, [&](error_code ec, unique_lock hold) {
        called = true;
        CHECK(ec == asio::error::operation_aborted);
        CHECK(!hold.owns_lock());
    });
    CHECK(!other->try_lock());
    door.reset();
    context.run();
    CHECK(called);
    CHECK(other->try_lock() == lock_status::acquired);
}

TEST_CASE("a delivery that was granted and not yet handed over when the handle was closed is put back") {
    const auto name = fresh_name();
    named<work_queue<int>> other{create_only, name, 1};
    std::optional<named<work_queue<int>>> work{std::in_place, open_only, name};
    other->push(5);
    asio::io_context context;
    bool called = false;
    async_take(context.get_executor(), **work, [&](error_code ec, delivery<int> d) {
        called = true;
        CHECK(ec == asio::error::operation_aborted);
        CHECK_FALSE(d.holds());
    });
    CHECK(other->in_hand() == 1);
    work.reset();
    context.run();
    CHECK(called);
    auto d = other->try_take();
    CHECK(d.item() == 5);
    CHECK(d.redelivered() == 1);
    d.confirm();
}

TEST_CASE("a push into a work queue is awaited until something is confirmed, and a take may time out") {
    named<work_queue<int>> q{create_only, fresh_name(), 1};
    asio::io_context context;
    const auto ex = context.get_executor();
    q->push(1);
    auto one = q->take();
    bool in = false;
    async_push(ex, *q, 2, [&](error_code ec) { in = !ec; });
    bool timed_out = false;
    async_take_for(ex, *q, std::chrono::milliseconds(1), [&](error_code ec, delivery<int> d) {
        timed_out = ec == errc::timed_out && !d;
        one.confirm();
    });
    context.run();
    CHECK(timed_out);
    CHECK(in);
    bool taken = false;
    async_take(ex, *q, [&](error_code ec, delivery<int> d) {
        taken = !ec && d.item() == 2;
        d.confirm();
    });
    context.restart();
    context.run();
    CHECK(taken);
    q->close();
    bool closed = false;
    async_take(ex, *q, [&](error_code ec, delivery<int>) { closed = ec == errc::closed; });
    context.restart();
    context.run();
    CHECK(closed);
}

TEST_CASE("handles and contexts may go in either order, with completions undelivered") {
    for (const bool handles_first : {true, false}) {
        CAPTURE(handles_first);
        std::optional<asio::io_context> context{std::in_place};
        std::optional<things> t{std::in_place};
        const auto called = std::make_shared<int>(0);
        t->await_all(context->get_executor(), counted_handler{called});
        context->poll();
        if (handles_first) {
            t.reset();
            context.reset();
        } else {
            context.reset();
            t.reset();
        }
        CHECK(called.use_count() == 1);
        CHECK(*called == 0);
    }
}

TEST_CASE("one thread may close the last handle while another destroys the context whose waits that aborts") {
    auto random = generator(1);
    for (auto i = knob("CROSSWAKE_TEST_ROUNDS", 1'000); i-- > 0;) {
        auto context = std::make_unique<asio::io_context>();
        auto permits = std::make_unique<named<semaphore>>(create_only, fresh_name());
        int called = 0;
        for (int k = 0; k < 20; ++k)
            async_acquire(context->get_executor(), **permits, [&](error_code) { ++called; });
        std::atomic<int> ready{0};
        const auto both = [&ready] {
            ++ready;
            while (ready < 2) {
            }
        };
        std::thread closing([&] {
            both();
            permits.reset();
        });
        both();
        spin(random() % 4000);
        context.reset();
        closing.join();
        CHECK(called == 0);
    }
}

TEST_CASE("a handler may own the handle of the object that it waits for") {
    auto e = std::make_unique<named<event>>(create_only, fresh_name());
    auto& object = **e;
    bool called = false;
    SUBCASE("and close it when it has been called") {
        asio::io_context context;
        async_wait(context.get_executor(), object, [&called, mine = std::move(e)](error_code ec) { called = !ec; });
        context.poll();
        object.set();
        context.run();
        CHECK(called);
    }
    SUBCASE("and close it when it is destroyed with its context") {
        asio::io_context context;
        async_wait(context.get_executor(), object, [&called, mine = std::move(e)](error_code) { called = true; });
        context.poll();
    }
    SUBCASE("and close it when it is cancelled") {
        asio::io_context context;
        asio::cancellation_signal signal;
        async_wait(context.get_executor(), object,
                   asio::bind_cancellation_slot(signal.slot(), [&called, mine = std::move(e)](error_code ec) {
                       called = ec == asio::error::operation_aborted;
                   }));
        context.poll();
        signal.emit(asio::cancellation_type::total);
        context.run();
        CHECK(called);
    }
}

TEST_CASE("a context that is stopped time and again serves each wait when it runs") {
    named<semaphore> permits{create_only, fresh_name()};
    asio::io_context context;
    int got = 0;
    for (int i = 0; i < 10; ++i)
        async_acquire(context.get_executor(), *permits, [&](error_code ec) { got += ec ? 0 : 1; });
    for (int i = 0; i < 10; ++i) {
        asio::post(context, [&] { context.stop(); });
        context.run();
        permits->release();
        context.restart();
        while (got <= i)
            context.run_one();
    }
    context.run();
    CHECK(got == 10);
    CHECK(permits->available() == 0);
}

TEST_CASE("twenty handlers that all throw are all called, woken at once or one by one") {
    named<semaphore> permits{create_only, fresh_name()};
    asio::io_context context;
    constexpr int waits = 20;
    int called = 0;
    int thrown = 0;
    for (int i = 0; i < waits; ++i)
        async_acquire(context.get_executor(), *permits, [&](error_code) {
            ++called;
            throw std::runtime_error("from a handler");
        });
    context.poll();
    SUBCASE("at once") {
        permits->release(waits);
    }
    SUBCASE("one by one") {
        for (int i = 0; i < waits; ++i)
            asio::post(context, [&] { permits->release(); });
    }
    for (bool more = true; more;)
        try {
            context.run();
            more = false;
        } catch (const std::runtime_error&) {
            ++thrown;
        }
    CHECK(called == waits);
    CHECK(thrown == waits);
    CHECK(permits->available() == 0);
}
