// The reactor, driven by a bare event loop.
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/raw_object.hpp>
#include <support/recheck.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

start_result start(reactor& r, pending& p, operation& op) {
    std::error_code error;
    return r.start(p, op, error);
}

/// A wait for a permit that remembers how it ended.
struct permit_wait {
    explicit permit_wait(semaphore& s, deadline until = deadline::never()) : op(s), p(until) {}
    semaphore::acquire_operation op;
    remembered p;
};

/// A wait that calls a function at its end.
struct calling final : pending {
    explicit calling(std::function<void(wait_result)> f, deadline until = deadline::never())
        : pending(until), function(std::move(f)) {}
    void completed(wait_result r) noexcept override { function(r); }
    std::function<void(wait_result)> function;
};

std::int64_t now() {
    return deadline::after(0ns).steady_ns();
}

} // namespace

TEST_CASE("what is there is had at once, and nothing is left waiting") {
    named<semaphore> s{create_only, fresh_name(), 1};
    reactor r;
    permit_wait w{*s};
    CHECK(start(r, w.p, w.op) == start_result::done);
    CHECK(w.p.times == 0);
    CHECK(r.waiting() == 0);
    CHECK(s->available() == 0);
}

TEST_CASE("a wait ends when the loop is rung, once, and never inside start") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    permit_wait w{*s};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    CHECK(r.waiting() == 1);
    CHECK_FALSE(loop.is_ringing());
    r.dispatch();
    CHECK(w.p.times == 0);
    s->release();
    CHECK(loop.is_ringing());
    CHECK(w.p.times == 0); // completed() comes from dispatch(), not from whoever releases
    loop.run_once();
    CHECK(w.p.times == 1);
    CHECK(w.p.result == wait_result::done);
    CHECK(s->available() == 0);
    CHECK(r.waiting() == 0);
    s->release();
    CHECK_FALSE(loop.is_ringing()); // nobody waits any more
    r.dispatch();
    CHECK(w.p.times == 1);
    CHECK(s->available() == 1);
}

TEST_CASE("a dispatch silences the loop") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    for (int i = 0; i < 100; ++i) {
        permit_wait w{*s};
        CHECK(start(r, w.p, w.op) == start_result::waiting);
        s->release();
        loop.run_once();
        CHECK(w.p.is_over());
        CHECK_FALSE(loop.is_ringing());
    }
}

TEST_CASE("a wait can be used again when it is over") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    permit_wait w{*s};
    for (int i = 1; i <= 3; ++i) {
        CHECK(start(r, w.p, w.op) == start_result::waiting);
        s->release();
        REQUIRE(runs_until(loop, [&] { return w.p.times == i; }));
        CHECK(w.p.result == wait_result::done);
    }
}

TEST_CASE("waits on one word are served first come first") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    std::deque<permit_wait> waits;
    for (int i = 0; i < 10; ++i) {
        waits.emplace_back(*s);
        CHECK(start(r, waits.back().p, waits.back().op) == start_result::waiting);
    }
    CHECK(r.cancel(waits[3].p));
    for (std::size_t i = 0; i < 10; ++i) {
        if (i == 3)
            continue;
        CHECK_FALSE(waits[i].p.is_over());
        s->release();
        loop.run_once();
        CHECK(waits[i].p.is_over());
    }
}

TEST_CASE("one ring serves as many waits as there is something for") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    std::deque<permit_wait> waits;
    for (int i = 0; i < 5; ++i) {
        waits.emplace_back(*s);
        CHECK(start(r, waits.back().p, waits.back().op) == start_result::waiting);
    }
    s->release(3);
    loop.run_once();
    CHECK(std::count_if(waits.begin(), waits.end(), [](const auto& w) { return w.p.is_over(); }) == 3);
    CHECK(r.waiting() == 2);
    s->release(4);
    loop.run_once();
    CHECK(r.waiting() == 0);
    CHECK(s->available() == 2);
}

TEST_CASE("a cancelled wait has taken nothing, and ends at once as cancelled") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    permit_wait w{*s};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    CHECK(r.cancel(w.p));
    CHECK(w.p.times == 1);
    CHECK(w.p.result == wait_result::cancelled);
    CHECK(r.waiting() == 0);
    CHECK_FALSE(r.cancel(w.p));
    s->release();
    r.dispatch();
    CHECK(w.p.times == 1);
    CHECK(s->available() == 1);
}

TEST_CASE("a wait that is over cannot be cancelled, nor one that was never started") {
    named<semaphore> s{create_only, fresh_name(), 1};
    reactor r;
    permit_wait never_started{*s};
    CHECK_FALSE(r.cancel(never_started.p));
    permit_wait done_at_once{*s};
    CHECK(start(r, done_at_once.p, done_at_once.op) == start_result::done);
    CHECK_FALSE(r.cancel(done_at_once.p));
    CHECK(done_at_once.p.times == 0);
}

TEST_CASE("a ring that is cancelled away goes to somebody else who waits, in a reactor or blocked") {
    named<semaphore> s{create_only, fresh_name()};
    for (const bool other_blocks : {false, true}) {
        CAPTURE(other_blocks);
        reactor first;
        reactor second;
        poll_loop loop{second};
        permit_wait taken_away{*s};
        permit_wait heir{*s};
        CHECK(start(first, taken_away.p, taken_away.op) == start_result::waiting);
        std::optional<sleeper> blocked;
        if (other_blocks) {
            blocked.emplace([&] { s->acquire(); });
            blocked->until_asleep();
        } else {
            CHECK(start(second, heir.p, heir.op) == start_result::waiting);
        }
        // Whomever the ring was for: the one that stays gets the permit.
        s->release();
        CHECK(first.cancel(taken_away.p));
        if (other_blocks)
            blocked->join();
        else
            REQUIRE(runs_until(loop, [&] { return heir.p.is_over(); }));
        CHECK(s->available() == 0);
    }
}

TEST_CASE("a deadline ends a wait as timed out, not early, with nothing taken") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    const auto until = deadline::after(20ms);
    permit_wait w{*s, until};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    CHECK(r.next_deadline() <= until);
    REQUIRE(runs_until(loop, [&] { return w.p.is_over(); }));
    CHECK(w.p.result == wait_result::timed_out);
    CHECK(now() >= until.steady_ns());
    s->release();
    CHECK(s->available() == 1);
    CHECK(r.waiting() == 0);
}

TEST_CASE("a deadline that has passed lets the wait try once, and no more") {
    named<semaphore> s{create_only, fresh_name(), 1};
    reactor r;
    for (const auto d : {deadline::passed(), deadline::at_ns(0), deadline::after(-1h)}) {
        permit_wait lucky{*s, d};
        CHECK(start(r, lucky.p, lucky.op) == start_result::done);
        permit_wait late{*s, d};
        CHECK(start(r, late.p, late.op) == start_result::timed_out);
        CHECK(late.p.times == 0);
        CHECK(r.waiting() == 0);
        s->release();
    }
}

TEST_CASE("deadlines end waits in their order, whatever the order in which they were started and cancelled") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    auto random = generator();
    std::vector<int> order;
    std::vector<int> expected;
    std::vector<int> places(200);
    for (int i = 0; i < 200; ++i)
        places[static_cast<std::size_t>(i)] = i;
    std::shuffle(places.begin(), places.end(), random);
    const auto begin = now() + 1'000'000;
    std::deque<calling> waits;
    std::deque<semaphore::acquire_operation> ops;
    for (const int place : places) {
        waits.emplace_back(
            [&order, place](wait_result result) {
                if (result == wait_result::timed_out)
                    order.push_back(place);
            },
            deadline::at_ns(begin + place * 20'000));
        ops.emplace_back(*s);
        // A slow machine may find the first ones late already.
        if (start(r, waits.back(), ops.back()) == start_result::timed_out)
            continue;
        if (random() % 3 == 0 && r.cancel(waits.back()))
            continue;
        expected.push_back(place);
    }
    REQUIRE(runs_until(loop, [&] { return r.waiting() == 0; }));
    std::sort(expected.begin(), expected.end());
    CHECK(order == expected);
}

TEST_CASE("there is no next deadline while nothing waits, and there is one while something does") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    CHECK(r.next_deadline().is_never());
    permit_wait endless{*s};
    CHECK(start(r, endless.p, endless.op) == start_result::waiting);
    CHECK_FALSE(r.next_deadline().is_never()); // the look after the dead
    const auto soon = deadline::after(1min);
    permit_wait short_one{*s, soon};
    CHECK(start(r, short_one.p, short_one.op) == start_result::waiting);
    CHECK(r.next_deadline() == soon);
    CHECK(r.cancel(short_one.p));
    CHECK(r.next_deadline() > soon);
    CHECK(r.cancel(endless.p));
    CHECK(r.next_deadline().is_never());
}

TEST_CASE("a wait for a lock that this process holds looks at nobody") {
    named<mutex> m{create_only, fresh_name()};
    m->lock();
    const owner_check_each while_here(50ms);
    reactor r;
    poll_loop loop{r};
    mutex::lock_operation op{*m};
    remembered p;
    CHECK(start(r, p, op) == start_result::waiting);
    CHECK(r.next_deadline() > deadline::after(1min));
    m->unlock();
    REQUIRE(runs_until(loop, [&] { return p.is_over(); }));
    CHECK(p.result == wait_result::done);
    const auto hold = op.guard();
    CHECK(hold.status() == lock_status::acquired);
    CHECK_FALSE(m->try_lock());
}

TEST_CASE("closing the object's last handle aborts its waits, and only its") {
    named<semaphore> other{create_only, fresh_name()};
    const auto name = fresh_name();
    std::optional<named<semaphore>> s(std::in_place, create_only, name);
    reactor r;
    poll_loop loop{r};
    permit_wait stays{*other};
    CHECK(start(r, stays.p, stays.op) == start_result::waiting);
    {
        permit_wait goes{**s};
        permit_wait goes_too{**s, deadline::after(1h)};
        CHECK(start(r, goes.p, goes.op) == start_result::waiting);
        CHECK(start(r, goes_too.p, goes_too.op) == start_result::waiting);
        s.reset();
        CHECK_FALSE(r.cancel(goes.p));
        CHECK(r.waiting() == 3); // they are to be told
        REQUIRE(runs_until(loop, [&] { return goes_too.p.is_over(); }));
        CHECK(goes.p.times == 1);
        CHECK(goes.p.result == wait_result::aborted);
        CHECK(goes_too.p.result == wait_result::aborted);
    }
    CHECK_FALSE(raw_object::exists(name));
    CHECK(r.waiting() == 1);
    other->release();
    REQUIRE(runs_until(loop, [&] { return stays.p.is_over(); }));
    CHECK(stays.p.result == wait_result::done);
}

TEST_CASE("closing one of an object's handles leaves waits alone that were started through another") {
    const auto name = fresh_name();
    named<semaphore> s{create_only, name};
    reactor r;
    poll_loop loop{r};
    permit_wait w{*s};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    { const named<semaphore> again{open_only, name}; }
    CHECK_FALSE(w.p.is_over());
    named<semaphore> {
        open_only, name
        } -> release();
    REQUIRE(runs_until(loop, [&] { return w.p.is_over(); }));
    CHECK(w.p.result == wait_result::done);
}

TEST_CASE("a wait stays while any handle of its object is left, though the one it was started through is closed") {
    const auto name = fresh_name();
    std::optional<named<semaphore>> first(std::in_place, create_only, name);
    named<semaphore> last{open_only, name};
    reactor r;
    poll_loop loop{r};
    permit_wait w{**first};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    first.reset();
    CHECK_FALSE(w.p.is_over());
    if (w.p.is_over())
        return;
    last->release();
    REQUIRE(runs_until(loop, [&] { return w.p.is_over(); }));
    CHECK(w.p.result == wait_result::done);
}

TEST_CASE("destroying a reactor aborts its waits, and leaves nothing behind that others would ring") {
    named<semaphore> s{create_only, fresh_name()};
    permit_wait w{*s};
    {
        reactor r;
        CHECK(start(r, w.p, w.op) == start_result::waiting);
    }
    CHECK(w.p.times == 1);
    CHECK(w.p.result == wait_result::aborted);
    s->release();
    CHECK(s->available() == 1);
    CHECK(s->try_acquire());
    reactor again;
    poll_loop loop{again};
    permit_wait next{*s};
    CHECK(start(again, next.p, next.op) == start_result::waiting);
    s->release();
    REQUIRE(runs_until(loop, [&] { return next.p.is_over(); }));
    CHECK(next.p.result == wait_result::done);
}

TEST_CASE("a wait may be started, and another cancelled, from inside completed()") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    permit_wait victim{*s};
    permit_wait next{*s};
    semaphore::acquire_operation op{*s};
    bool cancelled = false;
    calling first([&](wait_result) {
        cancelled = r.cancel(victim.p);
        CHECK(start(r, next.p, next.op) == start_result::waiting);
    });
    CHECK(start(r, first, op) == start_result::waiting);
    CHECK(start(r, victim.p, victim.op) == start_result::waiting);
    s->release();
    loop.run_once();
    CHECK(cancelled);
    CHECK(victim.p.result == wait_result::cancelled);
    CHECK(r.waiting() == 1);
    s->release();
    REQUIRE(runs_until(loop, [&] { return next.p.is_over(); }));
    CHECK(next.p.result == wait_result::done);
}

TEST_CASE("completed() may destroy the wait, the object's last handle, and start over on another object") {
    named<semaphore> other{create_only, fresh_name()};
    auto s = std::make_unique<named<semaphore>>(create_only, fresh_name());
    reactor r;
    poll_loop loop{r};
    permit_wait next{*other};
    permit_wait sibling{**s};
    auto op = std::make_unique<semaphore::acquire_operation>(**s);
    std::unique_ptr<calling> p;
    p = std::make_unique<calling>([&](wait_result) {
        (void)start(r, next.p, next.op);
        s.reset();
        op.reset();
        p.release(); // NOLINT(bugprone-unused-return-value): deleted below, where the function is no longer running
    });
    auto* const raw = p.get();
    CHECK(start(r, *p, *op) == start_result::waiting);
    CHECK(start(r, sibling.p, sibling.op) == start_result::waiting);
    (*s)->release();
    REQUIRE(runs_until(loop, [&] { return sibling.p.is_over(); }));
    delete raw;
    CHECK(sibling.p.result == wait_result::aborted);
    other->release();
    REQUIRE(runs_until(loop, [&] { return next.p.is_over(); }));
    CHECK(next.p.result == wait_result::done);
}

TEST_CASE("a chain of ten thousand waits, each started where the one before ended, takes no stack") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    semaphore::acquire_operation op{*s};
    int left = 10'000;
    std::optional<calling> p;
    p.emplace([&](wait_result) {
        if (--left > 0)
            CHECK(start(r, *p, op) == start_result::waiting);
    });
    CHECK(start(r, *p, op) == start_result::waiting);
    while (left > 0) {
        s->release();
        loop.run_once();
    }
    CHECK(s->available() == 0);
}

TEST_CASE("thousands of waits on hundreds of objects all end, each once") {
    constexpr std::size_t objects = 200;
    constexpr std::size_t each = 20;
    std::deque<named<semaphore>> all;
    reactor r;
    poll_loop loop{r};
    std::deque<permit_wait> waits;
    for (std::size_t i = 0; i < objects; ++i)
        all.emplace_back(create_only, fresh_name());
    for (std::size_t k = 0; k < each; ++k)
        for (auto& s : all) {
            waits.emplace_back(*s);
            CHECK(start(r, waits.back().p, waits.back().op) == start_result::waiting);
        }
    CHECK(r.waiting() == objects * each);
    for (auto& s : all)
        s->release(each);
    REQUIRE(runs_until(loop, [&] { return r.waiting() == 0; }));
    CHECK(std::all_of(waits.begin(), waits.end(),
                      [](const auto& w) { return w.p.times == 1 && w.p.result == wait_result::done; }));
}

TEST_CASE("more reactors than an object has seats of their own share it, and each is woken") {
    constexpr std::size_t many = 80;
    named<semaphore> s{create_only, fresh_name()};
    std::deque<reactor> reactors;
    std::deque<poll_loop> loops;
    std::deque<permit_wait> waits;
    for (std::size_t i = 0; i < many; ++i) {
        loops.emplace_back(reactors.emplace_back());
        waits.emplace_back(*s);
        REQUIRE(start(reactors.back(), waits.back().p, waits.back().op) == start_result::waiting);
    }
    for (std::size_t ended = 0; ended < many; ++ended) {
        s->release();
        bool one = false;
        while (!one)
            for (std::size_t i = 0; i < many && !one; ++i)
                if (!waits[i].p.is_over() && loops[i].is_ringing()) {
                    loops[i].run_once();
                    one = waits[i].p.is_over();
                }
    }
    CHECK(s->available() == 0);
}

TEST_CASE("an operation in no segment cannot wait, and the error says why") {
    semaphore s;
    reactor r;
    permit_wait w{s};
    std::error_code error;
    CHECK(r.start(w.p, w.op, error) == start_result::failed);
    CHECK(error == errc::not_shared);
    CHECK(w.p.times == 0);
    s.release();
    CHECK(r.start(w.p, w.op, error) == start_result::done);
}

TEST_CASE("an event for all ends every wait in every reactor, and wakes the blocked threads too") {
    named<event> e{create_only, fresh_name(), reset_mode::manual};
    std::deque<reactor> reactors(3);
    std::deque<remembered> waits(30);
    std::deque<event::wait_operation> ops;
    for (std::size_t i = 0; i < waits.size(); ++i) {
        ops.emplace_back(*e);
        CHECK(start(reactors[i % 3], waits[i], ops.back()) == start_result::waiting);
    }
    sleeper blocked([&] { e->wait(); });
    blocked.until_asleep();
    e->set();
    for (auto& r : reactors) {
        poll_loop loop{r};
        REQUIRE(runs_until(loop, [&] { return r.waiting() == 0; }));
    }
    blocked.join();
    CHECK(std::all_of(waits.begin(), waits.end(), [](const auto& w) { return w.result == wait_result::done; }));
}

TEST_CASE("permits go to blocked threads and to reactors alike: neither starves the other") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    poll_loop loop{r};
    std::atomic<bool> over{false};
    std::atomic<int> by_thread{0};
    sleeper busy([&] {
        while (!over.load()) {
            s->acquire();
            ++by_thread;
        }
    });
    for (int i = 0; i < 100; ++i) {
        permit_wait w{*s};
        const auto result = start(r, w.p, w.op);
        if (result == start_result::waiting) {
            // Each release may go to the thread; every second one, at least, does not.
            while (!w.p.is_over()) {
                busy.until_asleep();
                s->release();
                if (loop.is_ringing())
                    loop.run_once();
            }
        }
    }
    over.store(true);
    s->release();
    busy.join();
    CHECK(by_thread.load() > 0);
}

TEST_CASE("start and cancel from many threads while one dispatches: each wait ends once, and no permit is lost") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    std::atomic<bool> over{false};
    std::atomic<std::int64_t> taken{0};
    std::int64_t given = 0;
    const auto rounds = static_cast<int>(knob("CROSSWAKE_TEST_ROUNDS", 3000));
    {
        sleeper dispatching([&] {
            poll_loop loop{r};
            while (!over.load()) {
                // A wait of its own that ends soon keeps the loop from sleeping past the end.
                semaphore::acquire_operation op{*s};
                if (loop.await(op, deadline::after(1ms)) == wait_result::done)
                    ++taken;
            }
        });
        std::deque<sleeper> threads;
        for (std::uint64_t t = 0; t < 3; ++t)
            threads.emplace_back([&, t] {
                auto random = generator(t + 1);
                for (int i = 0; i < rounds; ++i) {
                    struct shared_wait final : pending {
                        void completed(wait_result result) noexcept override {
                            how.store(static_cast<int>(result) + 1);
                        }
                        std::atomic<int> how{0};
                    } p;
                    semaphore::acquire_operation op{*s};
                    const auto began = start(r, p, op);
                    if (began == start_result::done) {
                        ++taken;
                        continue;
                    }
                    dawdle(random, 20);
                    r.cancel(p);
                    while (p.how.load() == 0)
                        std::this_thread::yield();
                    if (p.how.load() - 1 == static_cast<int>(wait_result::done))
                        ++taken;
                }
            });
        for (int i = 0; i < rounds; ++i) {
            s->release();
            ++given;
            std::this_thread::yield();
        }
        threads.clear();
        over.store(true);
    }
    CHECK(taken.load() + s->available() == given);
}

TEST_CASE("a reactor costs no descriptor for each wait or object, and gives back what it had") {
    std::deque<named<semaphore>> all;
    for (int i = 0; i < 100; ++i)
        all.emplace_back(create_only, fresh_name());
    const auto before = descriptor_count();
    std::deque<permit_wait> waits;
    {
        reactor r;
        const auto with_reactor = descriptor_count();
        for (auto& s : all) {
            waits.emplace_back(*s);
            CHECK(start(r, waits.back().p, waits.back().op) == start_result::waiting);
        }
        CHECK(descriptor_count() == with_reactor);
    }
    CHECK(descriptor_count() == before);
}

TEST_CASE("handles that come and go beside one that stays leave no mapping, no seat and no descriptor behind") {
    const auto name = fresh_name();
    named<semaphore> stays{create_only, name};
    reactor r;
    poll_loop loop{r};
    const auto before = mapping_count(name);
    for (int i = 0; i < 10'000; ++i) { // more than there are seats
        named<semaphore> goes{open_only, name};
        permit_wait w{*goes};
        REQUIRE(start(r, w.p, w.op) == start_result::waiting);
        if (i % 2 == 0) {
            REQUIRE(r.cancel(w.p));
        } else {
            goes->release();
            REQUIRE(runs_until(loop, [&] { return w.p.is_over(); }));
        }
    }
    CHECK(mapping_count(name) == before);
}

TEST_CASE("a wait whose handle is closed while the object has another is done, and then its mapping goes") {
    const auto name = fresh_name();
    named<semaphore> stays{create_only, name};
    reactor r;
    poll_loop loop{r};
    const auto before = mapping_count(name);
    {
        std::optional<named<semaphore>> goes(std::in_place, open_only, name);
        permit_wait w{**goes};
        REQUIRE(start(r, w.p, w.op) == start_result::waiting);
        goes.reset();
        CHECK(mapping_count(name) > before);
        stays->release();
        REQUIRE(runs_until(loop, [&] { return w.p.is_over(); }));
        CHECK(w.p.result == wait_result::done);
    }
    CHECK(mapping_count(name) == before);
}

TEST_CASE("a reactor starts no thread") {
    const auto before = thread_count();
    named<semaphore> s{create_only, fresh_name()};
    reactor r;
    permit_wait w{*s};
    CHECK(start(r, w.p, w.op) == start_result::waiting);
    CHECK(thread_count() == before);
    CHECK(r.cancel(w.p));
}
