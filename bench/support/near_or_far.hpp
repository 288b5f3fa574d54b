// How far apart two cores are at this moment: a virtual machine's are moved about by its host.
#pragma once

#include <support/clock.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>
#include <support/statistics.hpp>

#include <atomic>
#include <cstddef>
#include <vector>

namespace bench {

/// What a spinning round trip between the two cores takes: the median of short bursts, so that being interrupted now
/// and then does not count.
inline double ping_pong_ns(std::size_t core, std::size_t other_core) {
    constexpr std::uint32_t trips = 400, bursts = 25;
    struct court {
        alignas(64) std::atomic<std::uint32_t> ball{0};
        start_line line;
    };
    const shared<court> c;
    child other([&] {
        pin_to(other_core);
        c->line.meet(2);
        for (std::uint32_t i = 0; i < trips * bursts; ++i) {
            while (c->ball.load(std::memory_order_acquire) != 2 * i + 1) {
            }
            c->ball.store(2 * i + 2, std::memory_order_release);
        }
    });
    pin_to(core);
    c->line.meet(2);
    std::vector<double> seen;
    std::uint32_t ball = 0;
    for (std::uint32_t burst = 0; burst < bursts; ++burst) {
        const stopwatch w;
        for (std::uint32_t i = 0; i < trips; ++i) {
            c->ball.store(++ball, std::memory_order_release);
            ++ball;
            while (c->ball.load(std::memory_order_acquire) != ball) {
            }
        }
        seen.push_back(w.ns() / trips);
    }
    other.join();
    return median(seen);
}

} // namespace bench
