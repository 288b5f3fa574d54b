// Whether a thread that has to wait looks on for a while before it sleeps.
//
// To sleep and to be woken costs some microseconds, and an answer that comes sooner is had sooner by looking. Looking
// is wasted when the answer takes long, and worse than wasted when whoever is to give it needs this very processor.
// Which it is shows in what looking has brought before: as long as it pays it goes on, and each time it does not, it is
// left out twice as often as the time before. It never takes longer than the shortest sleep there was: by then sleeping
// would have been as good.
#pragma once

#include <crosswake/detail/wait_word.hpp>

#include <algorithm>
#include <cstdint>

namespace crosswake::core {

/// What one thread knows of waiting for one word. Not shared, so a thread's habits are its own.
class spin_policy {
public:
    /// The thread's own for that word; words may share one, to no harm.
    static spin_policy& of(const detail::wait_word& word) noexcept;

    /// How long to look now; 0: sleep at once.
    std::int64_t budget_ns(std::int64_t limit_ns) noexcept {
        if (left_out_ != 0) {
            --left_out_;
            return 0;
        }
        return std::min(limit_ns, shortest_sleep_ns_);
    }
    void it_paid() noexcept { to_leave_out_ = 0; }
    void it_did_not_pay() noexcept {
        to_leave_out_ = std::min(to_leave_out_ * 2 + 1, most_to_leave_out);
        left_out_ = to_leave_out_;
    }
    /// A sleep that was ended by a wake-up. The shortest is forgotten little by little: the machine may have changed.
    void slept(std::int64_t ns) noexcept {
        if (ns >= least_ns) // else it did not come to sleep: the word had moved already
            shortest_sleep_ns_ = std::min(ns, shortest_sleep_ns_ + shortest_sleep_ns_ / 64);
    }

private:
    static constexpr std::uint32_t most_to_leave_out = 63;
    static constexpr std::int64_t least_ns = 1'000;
    static constexpr std::int64_t before_any_sleep_ns = 10'000;

    std::uint32_t left_out_ = 0;
    std::uint32_t to_leave_out_ = 0;
    std::int64_t shortest_sleep_ns_ = before_any_sleep_ns;
};

} // namespace crosswake::core
