// Processes that want the same lock all the time: how much gets done, who gets it, and who waits how long.
#pragma once

#include <support/clock.hpp>
#include <support/enter.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace bench {

template <class Lock>
values contended_lock(const options& o) {
    constexpr double inside_ns = 100;
    constexpr std::size_t most = 64;
    struct worker {
        alignas(64) std::uint64_t turns = 0;
        std::int64_t longest_gap_ns = 0; // between two turns of its own
    };
    struct workshop {
        start_line line;
        alignas(64) std::atomic<bool> over{false};
        alignas(64) std::uint64_t turns = 0; // guarded by the lock alone
        std::array<worker, most> workers;
    };
    if (o.processes > most)
        throw cannot("so many processes");
    const shared<workshop> shop;
    Lock lock;
    const work inside(inside_ns);
    const auto everybody = static_cast<std::uint32_t>(o.processes + 1);

    std::vector<child> children;
    for (std::size_t i = 0; i < o.processes; ++i)
        children.emplace_back([&, i] {
            pin_to(o.core_of(i));
            enter(lock);
            auto& me = shop->workers[i];
            shop->line.meet(everybody);
            for (auto last = now_ns(); !shop->over.load(std::memory_order_relaxed);) {
                lock.lock();
                shop->turns = shop->turns + 1;
                inside();
                lock.unlock();
                const auto now = now_ns(); // outside: it takes as long as some of the locks do
                me.turns = me.turns + 1;
                me.longest_gap_ns = std::max(me.longest_gap_ns, now - last);
                last = now;
            }
        });
    shop->line.meet(everybody, [&] { look_after(children); });
    const stopwatch w;
    rest(o.seconds);
    shop->over.store(true);
    const double seconds = w.s();
    join_all(children);

    std::uint64_t all = 0, fewest = ~std::uint64_t{0};
    std::int64_t longest_gap_ns = 0;
    for (std::size_t i = 0; i < o.processes; ++i) {
        all += shop->workers[i].turns;
        fewest = std::min(fewest, shop->workers[i].turns);
        longest_gap_ns = std::max(longest_gap_ns, shop->workers[i].longest_gap_ns);
    }
    if (all != shop->turns)
        throw std::runtime_error("two processes were inside at once");
    const auto fair_share = static_cast<double>(all) / static_cast<double>(o.processes);
    return {{"turns_per_s", static_cast<double>(all) / seconds},
            {"slowest_share", static_cast<double>(fewest) / fair_share},
            {"worst_wait_ms", static_cast<double>(longest_gap_ns) / 1e6}};
}

} // namespace bench
