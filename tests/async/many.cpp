// Very many waits in one process: no thread, no descriptor and no wake-up for any of them.
#include <support/child.hpp>
#include <support/memory.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::uint32_t coroutines = 10'000;
const auto objects = static_cast<std::uint32_t>(knob("CROSSWAKE_TEST_OBJECTS", 5'000));

/// What the waiting process tells the other one.
struct report {
    semaphore waiting;  // all of them wait
    semaphore measured; // it has looked how often it was woken up to now
    event measure;
    event never;
    std::uint64_t threads_more = 0; // with all waits, than with one
    std::uint64_t descriptors_more = 0;
    std::uint64_t wake_ups = 0;
    std::uint64_t served = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t sum = 0;
};

/// Started when one wait is pending, for what that one costs is not counted.
class costs {
public:
    costs()
        : threads_(thread_count()), descriptors_(descriptor_count()), memory_(private_memory()),
          begin_(std::chrono::steady_clock::now()) {}
    void note(report& r, std::uint32_t waits) const {
        const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin_;
        r.threads_more = thread_count() - threads_;
        r.descriptors_more = descriptor_count() - descriptors_;
        std::printf("%u waits: %.1f us and %.0f bytes for each; %zu threads, as before: %zu\n", waits,
                    time.count() / waits, static_cast<double>(private_memory() - memory_) / waits, thread_count(),
                    threads_);
        std::fflush(stdout);
    }

private:
    std::size_t threads_;
    std::size_t descriptors_;
    std::size_t memory_;
    std::chrono::steady_clock::time_point begin_;
};

/// Counts the wake-ups between one measure and the next, when the other process asks.
asio::awaitable<void> count_wake_ups(report& r) {
    std::uint64_t before = 0;
    for (;;) {
        auto [ec] = co_await async_wait(r.measure, asio::as_tuple(asio::use_awaitable));
        if (ec)
            co_return;
        const auto now = wake_up_count();
        r.wake_ups = now - before;
        before = now;
        r.measured.release();
    }
}

void rethrow(const std::exception_ptr& e) {
    if (e)
        std::rethrow_exception(e);
}

/// What waits is woken or cancelled in the end.
class ending {
public:
    explicit ending(report& r) : report_(r), signals_(coroutines) {}

    template <class Token>
    auto token(std::size_t i, Token t) {
        return asio::bind_cancellation_slot(signals_[i].slot(), std::move(t));
    }
    void all_cancelled() {
        for (auto& s : signals_)
            s.emit(asio::cancellation_type::terminal); // what a coroutine lets through
    }
    void one_over(error_code ec, std::uint64_t value) {
        if (!ec) {
            ++report_.served;
            report_.sum += value;
        } else if (ec == asio::error::operation_aborted) {
            ++report_.cancelled;
        }
    }

private:
    report& report_;
    std::vector<asio::cancellation_signal> signals_;
};

asio::awaitable<void> pop_one(queue<std::uint32_t>& q, ending& e) {
    auto [ec, item] = co_await async_pop(q, asio::as_tuple(asio::use_awaitable));
    e.one_over(ec, item);
}

asio::awaitable<void> wait_for(event& object, ending& e) {
    auto [ec] = co_await async_wait(object, asio::as_tuple(asio::use_awaitable));
    e.one_over(ec, 1);
}

/// Runs until all of them are over. spawn(i) starts the one with that number.
template <class Spawn>
void run_many(report& r, asio::io_context& context, ending& e, std::uint32_t waits, const std::string& end,
              Spawn spawn) {
    asio::cancellation_signal stop_counting;
    asio::co_spawn(context, count_wake_ups(r), asio::bind_cancellation_slot(stop_counting.slot(), rethrow));
    std::uint32_t over = 0;
    const auto one_over = [&](const std::exception_ptr& problem) {
        rethrow(problem);
        if (++over == waits)
            stop_counting.emit(asio::cancellation_type::terminal);
    };
    spawn(0, one_over);
    context.poll();
    const costs c;
    for (std::uint32_t i = 1; i < waits; ++i)
        spawn(i, one_over);
    context.poll();
    c.note(r, waits);
    if (end == "cancelled")
        async_wait(r.never, asio::bind_executor(context.get_executor(), [&](error_code) { e.all_cancelled(); }));
    context.restart();
    context.poll();
    r.waiting.release();
    context.run();
}

} // namespace

CROSSWAKE_ROLE(await_one_queue) {
    named<report> r{open_only, args[0]};
    named<queue<std::uint32_t>> q{open_only, args[1]};
    ending e(*r);
    asio::io_context context;
    run_many(*r, context, e, coroutines, args[2],
             [&](std::uint32_t i, auto one_over) { asio::co_spawn(context, pop_one(*q, e), e.token(i, one_over)); });
    return 0;
}

CROSSWAKE_ROLE(await_many_objects) {
    named<report> r{open_only, args[0]};
    std::vector<named<event>> all;
    for (std::uint32_t i = 0; i < objects; ++i)
        all.emplace_back(open_only, args[1] + std::to_string(i));
    ending e(*r);
    asio::io_context context;
    run_many(*r, context, e, objects, args[2], [&](std::uint32_t i, auto one_over) {
        asio::co_spawn(context, wait_for(*all[i], e), e.token(i, one_over));
    });
    return 0;
}

namespace {

void check_costs(report& r) {
    r.waiting.acquire();
    CHECK(r.threads_more == 0);
    CHECK(r.descriptors_more == 0);
}

void ask_for_wake_ups(report& r) {
    r.measure.set();
    r.measured.acquire();
}

} // namespace

TEST_CASE("ten thousand coroutines at one queue, and thousands of objects awaited, sleep without a single wake-up") {
    const std::string report_names[] = {fresh_name("report"), fresh_name("report")};
    const auto queue_name = fresh_name("queue");
    const auto stem = fresh_name("event") + '-';
    named<report> at_queue{create_only, report_names[0]};
    named<report> at_objects{create_only, report_names[1]};
    named<queue<std::uint32_t>> q{create_only, queue_name, 128};
    std::vector<named<event>> all;
    for (std::uint32_t i = 0; i < objects; ++i)
        all.emplace_back(create_only, stem + std::to_string(i));
    child first{"await_one_queue", {report_names[0], queue_name, "cancelled"}};
    child second{"await_many_objects", {report_names[1], stem, "cancelled"}};
    for (auto* const r : {&*at_queue, &*at_objects}) {
        r->waiting.acquire();
        ask_for_wake_ups(*r);
    }
    // Time passes, in which anything that looks up by itself would show; and this is all that is wanted of it.
    CHECK_FALSE(at_queue->waiting.try_acquire_for(std::chrono::milliseconds(knob("CROSSWAKE_TEST_QUIET_MS", 10'000))));
    for (auto* const r : {&*at_queue, &*at_objects}) {
        ask_for_wake_ups(*r);
        CHECK(r->wake_ups == 1); // by the question itself
        r->never.set();
    }
    CHECK(first.wait() == 0);
    CHECK(second.wait() == 0);
}

TEST_CASE("ten thousand coroutines await one queue without a thread or a descriptor more, until all are served") {
    const auto report_name = fresh_name("report");
    const auto name = fresh_name("queue");
    named<report> r{create_only, report_name};
    named<queue<std::uint32_t>> q{create_only, name, 128};
    child c{"await_one_queue", {report_name, name, "served"}};
    check_costs(*r);
    for (std::uint32_t i = 1; i <= coroutines; ++i)
        q->push(i);
    CHECK(c.wait() == 0);
    CHECK(r->served == coroutines);
    CHECK(r->sum == std::uint64_t{coroutines} * (coroutines + 1) / 2);
    CHECK(q->empty());
}

TEST_CASE("ten thousand coroutines await one queue until all are cancelled, and took nothing") {
    const auto report_name = fresh_name("report");
    const auto name = fresh_name("queue");
    named<report> r{create_only, report_name};
    named<queue<std::uint32_t>> q{create_only, name, 128};
    child c{"await_one_queue", {report_name, name, "cancelled"}};
    check_costs(*r);
    r->never.set();
    CHECK(c.wait() == 0);
    CHECK(r->cancelled == coroutines);
    q->push(1);
    CHECK(q->size() == 1);
}

TEST_CASE("thousands of objects are awaited without a thread or a descriptor more, until all are set") {
    const auto report_name = fresh_name("report");
    const auto stem = fresh_name("event") + '-';
    named<report> r{create_only, report_name};
    std::vector<named<event>> all;
    for (std::uint32_t i = 0; i < objects; ++i)
        all.emplace_back(create_only, stem + std::to_string(i));
    child c{"await_many_objects", {report_name, stem, "served"}};
    check_costs(*r);
    for (auto& e : all)
        e->set();
    CHECK(c.wait() == 0);
    CHECK(r->served == objects);
    CHECK(std::none_of(all.begin(), all.end(), [](const auto& e) { return e->is_set(); }));
}

TEST_CASE("thousands of objects are awaited until all waits are cancelled, and none is taken") {
    const auto report_name = fresh_name("report");
    const auto stem = fresh_name("event") + '-';
    named<report> r{create_only, report_name};
    std::vector<named<event>> all;
    for (std::uint32_t i = 0; i < objects; ++i)
        all.emplace_back(create_only, stem + std::to_string(i));
    child c{"await_many_objects", {report_name, stem, "cancelled"}};
    check_costs(*r);
    r->never.set();
    CHECK(c.wait() == 0);
    CHECK(r->cancelled == objects);
    for (auto& e : all)
        e->set();
    CHECK(std::all_of(all.begin(), all.end(), [](const auto& e) { return e->is_set(); }));
}
