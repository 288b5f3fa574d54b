// Thousands of objects awaited by one event loop: what that takes, what waking all costs, and cancelling all.
#pragma once

#include <support/accounting.hpp>
#include <support/clock.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace bench {

/// `Crowd(n)` has post(i), and wait(i, done), which calls done() once i was posted or cancelled; enter(io) before.
/// cancel_all(), if the peer can do that.
template <class Crowd>
values many_awaits(const options& o) {
    struct court {
        std::atomic<bool> all_wait{false};
        std::atomic<std::int64_t> all_awake_at{0};
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
        const auto done = [&] {
            if (++awake == n)
                c->all_awake_at.store(now_ns());
        };
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
            awake = 0;
            io.restart();
            start(0, n);
        }
        io.restart();
        boost::asio::post(io, [&] { c->all_wait.store(true); });
        while (awake < n)
            io.run_one();
        crowd.leave();
    });

    pin_to(o.core_of(0));
    crowd.enter_waker();
    while (!c->all_wait.load()) {
        if (sleeper.ended())
            throw std::runtime_error("the process that was to await them has ended");
        rest(0.001);
    }
    rest(0.02); // now it sleeps
    const auto begin = now_ns();
    for (std::size_t i = 0; i < n; ++i)
        crowd.post(i);
    const auto waker_through = now_ns();
    sleeper.join();
    values v{{"waker_ms", static_cast<double>(waker_through - begin) / 1e6},
             {"all_awake_ms", static_cast<double>(c->all_awake_at.load() - begin) / 1e6},
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
