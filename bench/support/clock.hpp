// Time, and work that takes a known time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace bench {

inline std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

class stopwatch {
public:
    [[nodiscard]] double ns() const { return static_cast<double>(now_ns() - begin_); }
    [[nodiscard]] double us() const { return ns() / 1e3; }
    [[nodiscard]] double ms() const { return ns() / 1e6; }
    [[nodiscard]] double s() const { return ns() / 1e9; }

private:
    std::int64_t begin_ = now_ns();
};

inline void rest(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// Thinks, with the processor, for that long.
inline void think(std::size_t us) {
    if (us == 0)
        return;
    for (const auto end = now_ns() + static_cast<std::int64_t>(us) * 1000; now_ns() < end;) {
    }
}

/// Work of a given length that looks at no clock.
class work {
public:
    explicit work(double ns) {
        constexpr std::uint64_t probe = 100'000;
        double best = 1e9;
        for (int i = 0; i < 9; ++i) {
            const stopwatch w;
            turns_ = probe;
            (*this)();
            best = std::min(best, w.ns());
        }
        turns_ = static_cast<std::uint64_t>(ns / best * static_cast<double>(probe));
    }
    void operator()() const {
        for (std::uint64_t i = 0; i < turns_; ++i)
            asm volatile("" : "+r"(i));
    }

private:
    std::uint64_t turns_ = 0;
};

} // namespace bench
