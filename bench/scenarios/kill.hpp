// Processes killed in the middle of it: do the others go on, and how soon?
#pragma once

#include <support/clock.hpp>
#include <support/enter.hpp>
#include <support/message.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>
#include <support/statistics.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

namespace bench {

/// Longer than any promise: who has not gone on by then is stuck.
inline constexpr double patience_s = 1;

/// What became of the survivor of one kill.
enum class fate : unsigned char { went_on, unusable, stuck };

template <class Done, class... Children>
fate fate_of(Done&& done, Children&... left) {
    for (const stopwatch w; w.s() < patience_s; rest(0.0002)) {
        if (done())
            return fate::went_on;
        if ((left.ended() || ...))
            return done() ? fate::went_on : fate::unusable;
    }
    return fate::stuck;
}

struct ledger {
    double kills = 0, stuck = 0, unusable = 0;
    std::vector<double> recovery_ms;

    void enter(fate f) {
        ++kills;
        stuck += f == fate::stuck ? 1 : 0;
        unusable += f == fate::unusable ? 1 : 0;
    }
    /// To see that once more would only take time.
    [[nodiscard]] bool is_plain() const { return stuck + unusable >= 2; }
    [[nodiscard]] values result() const {
        values v{{"kills", kills}, {"stuck", stuck}, {"unusable", unusable}, {"lost", stuck + unusable}};
        if (!recovery_ms.empty()) {
            v["recovery_ms"] = median(recovery_ms);
            v["recovery_worst_ms"] = quantile(recovery_ms, 1);
        }
        return v;
    }
};

/// The owner of a lock is killed while another process waits for it, at any moment of the first 0.3 s of that wait. The
/// time is from the kill to the other's lock.
template <class Lock>
values kill_owner(const options& o) {
    struct court {
        std::atomic<bool> held{false}, waiting{false};
        std::atomic<std::int64_t> taken_at{0};
    };
    std::mt19937 random{o.seed};
    std::uniform_real_distribution<double> moment_s(0, 0.3);
    ledger all;
    auto lock = std::make_unique<Lock>();
    for (std::size_t i = 0; i < o.count && !all.is_plain(); ++i) {
        const shared<court> c;
        child owner([&] {
            pin_to(o.core_of(1));
            enter(*lock);
            lock->lock();
            c->held.store(true);
            for (;;)
                rest(1);
        });
        while (!c->held.load())
            rest(0.0002);
        child heir([&] {
            pin_to(o.core_of(0));
            enter(*lock);
            c->waiting.store(true);
            lock->lock();
            c->taken_at.store(now_ns());
            lock->unlock();
        });
        while (!c->waiting.load())
            rest(0.0002);
        rest(moment_s(random));
        const auto killed_at = now_ns();
        owner.kill();
        const auto f = fate_of([&] { return c->taken_at.load() != 0; }, heir);
        all.enter(f);
        if (f == fate::went_on) {
            all.recovery_ms.push_back(static_cast<double>(c->taken_at.load() - killed_at) / 1e6);
            heir.join();
        } else {
            heir.kill();
            lock = std::make_unique<Lock>();
        }
    }
    return all.result();
}

/// One of the two ends of a busy queue is killed at a random moment, and another process takes its place. Both ends go
/// on once more messages have come through than can lie in between; the time is from the kill to that.
template <class Channel, std::size_t Size>
values kill_end(const options& o) {
    const std::uint64_t enough = traffic::of(o).slots + 100;
    const shared<std::atomic<std::uint64_t>> received;
    auto channel = std::make_unique<Channel>(traffic::of(o));
    const auto produce = [&] {
        pin_to(o.core_of(0));
        enter(*channel, side::sender);
        for (const message<Size> m;;)
            channel->send(m);
    };
    const auto consume = [&] {
        pin_to(o.core_of(1));
        enter(*channel, side::receiver);
        for (message<Size> m;; received->fetch_add(1))
            channel->receive(m);
    };
    std::mt19937 random{o.seed};
    std::uniform_real_distribution<double> moment_s(0.001, 0.004);
    ledger all;
    for (std::size_t i = 0; i < o.count && !all.is_plain(); ++i) {
        child producer(produce);
        child consumer(consume);
        const auto at_first = received->load();
        if (fate_of([&] { return received->load() > at_first; }, producer, consumer) != fate::went_on)
            throw std::runtime_error("nothing came through although nobody was killed");
        rest(moment_s(random));
        const bool producer_dies = random() % 2 == 0;
        const stopwatch since_kill;
        (producer_dies ? producer : consumer).kill();
        child heir = producer_dies ? child(produce) : child(consume);
        const auto before = received->load();
        const auto f =
            fate_of([&] { return received->load() > before + enough; }, producer_dies ? consumer : producer, heir);
        all.enter(f);
        if (f == fate::went_on)
            all.recovery_ms.push_back(since_kill.ms());
        producer.kill();
        consumer.kill();
        heir.kill();
        channel = std::make_unique<Channel>(traffic::of(o));
    }
    return all.result();
}

} // namespace bench
