// What a call costs while nobody is in the way and nobody waits, by Google Benchmark.
#pragma once

#include <support/enter.hpp>
#include <support/message.hpp>
#include <support/options.hpp>
#include <support/process.hpp>

#include <functional>
#include <memory>

namespace bench {

/// The processor time of one call in nanoseconds. `repeat(n)` makes n of them.
values time_of_one(const options& o, const std::function<void(std::int64_t n)>& repeat);

template <class Lock>
values uncontended_lock(const options& o) {
    pin_to(o.cores.front());
    Lock lock;
    enter(lock);
    return time_of_one(o, [&](std::int64_t n) {
        while (n-- > 0) {
            lock.lock();
            lock.unlock();
        }
    });
}

template <class Signal>
values uncontended_signal(const options& o) {
    pin_to(o.cores.front());
    Signal signal;
    enter(signal, side::sender);
    enter(signal, side::receiver);
    return time_of_one(o, [&](std::int64_t n) {
        while (n-- > 0) {
            signal.post();
            signal.wait();
        }
    });
}

/// Telling nobody.
template <class Signal>
values unheard_signal(const options& o) {
    pin_to(o.cores.front());
    Signal signal;
    enter(signal, side::sender);
    return time_of_one(o, [&](std::int64_t n) {
        while (n-- > 0)
            signal.post();
    });
}

template <class Channel, std::size_t Size>
values uncontended_channel(const options& o) {
    pin_to(o.cores.front());
    Channel channel(traffic::of(o));
    enter(channel, side::sender);
    enter(channel, side::receiver);
    const auto m = std::make_unique<message<Size>>();
    return time_of_one(o, [&](std::int64_t n) {
        while (n-- > 0) {
            channel.send(*m);
            channel.receive(*m);
        }
    });
}

} // namespace bench
