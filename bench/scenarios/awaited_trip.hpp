// A question and its answer between two event loops.
#pragma once

#include <support/clock.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>
#include <support/statistics.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <vector>

namespace bench {

inline void run_loop(boost::asio::io_context& io, const std::function<boost::asio::awaitable<void>()>& body) {
    boost::asio::co_spawn(io, body(), [](const std::exception_ptr& e) {
        if (e)
            std::rethrow_exception(e);
    });
    io.run();
}

/// `Signal` has post(), and wait() to co_await; enter(io) before either.
template <class Signal>
values awaited_trip(const options& o) {
    struct court {
        start_line line;
        std::atomic<bool> over{false};
    };
    const shared<court> c;
    Signal there;
    Signal back;
    child other([&] {
        pin_to(o.core_of(1));
        boost::asio::io_context io(1);
        there.enter(io);
        back.enter(io);
        c->line.meet(2);
        run_loop(io, [&]() -> boost::asio::awaitable<void> {
            for (;;) {
                co_await there.wait();
                const bool last = c->over.load(); // before the answer, after which it may be set for the next one
                back.post();
                if (last)
                    co_return;
            }
        });
        there.leave();
        back.leave();
    });
    pin_to(o.core_of(0));
    boost::asio::io_context io(1);
    there.enter(io);
    back.enter(io);
    c->line.meet(2);
    std::vector<double> means;
    run_loop(io, [&]() -> boost::asio::awaitable<void> {
        constexpr int at_once = 16;
        const stopwatch all;
        do {
            const stopwatch some;
            for (int i = 0; i < at_once; ++i) {
                there.post();
                co_await back.wait();
            }
            means.push_back(some.us() / at_once);
        } while (all.s() < o.seconds);
        c->over.store(true);
        there.post();
        co_await back.wait();
    });
    there.leave();
    back.leave();
    other.join();
    return {{"trip_us", median(means)}};
}

} // namespace bench
