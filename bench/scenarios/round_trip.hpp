// A question and its answer between two processes, again and again. Each side thinks for think_us before it answers,
// and that time is taken off.
#pragma once

#include <support/clock.hpp>
#include <support/enter.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>
#include <support/statistics.hpp>

#include <atomic>
#include <vector>

namespace bench {

/// `Signal` has post() and wait(); make(which) makes one, in place.
template <class Make>
values round_trip_of(const options& o, Make&& make) {
    const int at_once = o.think_us == 0 ? 16 : 1; // reading the clock costs as much as a fast trip
    struct court {
        start_line line;
        std::atomic<bool> over{false};
        double trip_us = 0, trip_p99_us = 0;
    };
    const shared<court> c;
    auto there = make();
    auto back = make();
    const auto answers = [&] {
        pin_to(o.core_of(1));
        enter(there, side::receiver);
        enter(back, side::sender);
        c->line.meet(2);
        for (;;) {
            there.wait();
            if (c->over.load())
                break;
            think(o.think_us);
            back.post();
        }
        leave(there);
        leave(back);
    };
    const auto asks = [&] {
        pin_to(o.core_of(0));
        enter(there, side::sender);
        enter(back, side::receiver);
        c->line.meet(2);
        const auto one_trip = [&] {
            think(o.think_us);
            there.post();
            back.wait();
        };
        for (int i = 0; i < at_once; ++i)
            one_trip();
        const double thinking_us = 2.0 * static_cast<double>(o.think_us);
        std::vector<double> ones, means;
        const stopwatch all;
        do {
            const stopwatch one;
            one_trip();
            ones.push_back(one.us() - thinking_us);
            const stopwatch others;
            for (int i = 0; i < at_once; ++i)
                one_trip();
            means.push_back(others.us() / at_once - thinking_us);
        } while (all.s() < o.seconds);
        c->trip_us = median(means);
        c->trip_p99_us = quantile(ones, 0.99);
        c->over.store(true);
        there.post();
        leave(there);
        leave(back);
    };
    child both[]{child(asks), child(answers)};
    join_all(both);
    return {{"trip_us", c->trip_us}, {"trip_p99_us", c->trip_p99_us}};
}

template <class Signal>
values round_trip(const options& o) {
    return round_trip_of(o, [] { return Signal(); });
}

} // namespace bench
