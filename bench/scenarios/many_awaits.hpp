// Thousands of objects awaited by one event loop: what that takes, what waking all costs, and cancelling all.
#pragma once

#include <support/accounting.hpp>
#include <support/clock.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>
#include <support/statistics.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace bench {

/// `Crowd(n)` has post(i), and wait(i, done), which calls done() once i was posted or cancelled; enter(io) before.
/// cancel_all(), if the peer can do that.
template <class Crowd>
values many_awaits(const options& o) {
    struct court {
        std::atomic<std::size_t> all_wait{0}; // how often they all did
        std::atomic<std::size_t> all_awake{0};
        std::atomic<std::int64_t> all_awake_at{0};
        std::atomic<bool> over{false};
        double first_us = 0, last_us = 0, kib = 0, threads = 0, cancel_us = 0;
    };
    const std::size_t n = o.count;
    const std::size_t few = n / 10; // what the first and the last of them cost, each
    const shared<court> c;
    Crowd crowd(n);

    child sleeper([&] {
        pin_to(o.core_of(1));
        boost::asio::io_context io(1);
        crowd.enter(io);
        std::size_t awake = 0;
        const auto done = [&] { ++awake; };
        const auto start = [&](std::size_t from, std::size_t to) {
            const stopwatch w;
            for (auto i = from; i < to; ++i)
                crowd.wait(i, done);
            io.poll();
            return w.us() / static_cast<double>(to - from);
        };
        const double kib_before = resident_kib();
        c->first_us = start(0, few);
        start(few, n - few);
        c->last_us = start(n - few, n);
        c->kib = resident_kib() - kib_before;
        c->threads = threads_here();
        if constexpr (requires { crowd.cancel_all(); }) {
            const stopwatch w;
            crowd.cancel_all();
            io.restart();
            while (awake < n)
                io.run_one();
            c->cancel_us = w.us() / static_cast<double>(n);
            io.restart();
            start(0, n);
        }
        for (;;) {
            awake = 0;
            io.restart();
            boost::asio::post(io, [&] { c->all_wait.fetch_add(1); });
            while (awake < n)
                io.run_one();
            c->all_awake_at.store(now_ns());
            c->all_awake.fetch_add(1);
            if (c->over.load())
                break;
            io.restart();
            start(0, n);
        }
        crowd.leave();
    });
    const auto until = [&](const std::atomic<std::size_t>& times, std::size_t reached) {
        while (times.load() < reached) {
            if (sleeper.ended())
                throw std::runtime_error("the process that was to await them has ended");
            rest(0.001);
        }
    };

    pin_to(o.core_of(0));
    crowd.enter_waker();
    std::vector<double> waker_ms, all_awake_ms;
    const stopwatch whole;
    for (std::size_t round = 1; !c->over.load(); ++round) {
        until(c->all_wait, round);
        rest(0.02); // now it sleeps
        c->over.store(round >= 5 && whole.us() > o.seconds * 1e6);
        const auto begin = now_ns();
        for (std::size_t i = 0; i < n; ++i)
            crowd.post(i);
        const auto waker_through = now_ns();
        until(c->all_awake, round);
        waker_ms.push_back(static_cast<double>(waker_through - begin) / 1e6);
        all_awake_ms.push_back(static_cast<double>(c->all_awake_at.load() - begin) / 1e6);
    }
    sleeper.join();
    values v{{"waker_ms", median(waker_ms)},
             {"all_awake_ms", median(all_awake_ms)},
             {"bytes_each", c->kib * 1024 / static_cast<double>(n)},
             {"mib", c->kib / 1024},
             {"threads", c->threads},
             {"first_us", c->first_us},
             {"last_us", c->last_us}};
    if (c->cancel_us != 0)
        v["cancel_us"] = c->cancel_us;
    return v;
}

} // namespace bench
