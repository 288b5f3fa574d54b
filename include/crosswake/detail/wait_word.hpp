// The word on which threads and reactors wait, and the two calls that wake them.
//
// A primitive changes its state first and calls wake_one or wake_all afterwards; a sleeper announces itself first and
// tries again afterwards. Both pairs are sequentially consistent, so one of the two sees the other. The rules, and the
// variants that lose wake-ups, are in docs/decisions/0001.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>

#include <cstddef>
#include <cstdint>

namespace crosswake::detail {

/// Bytes in shared memory; 24 of them, the same for 32- and 64-bit processes.
struct wait_word_layout {
    /// Bit 0: threads sleep here. The rest counts announcements and wake-ups; a thread sleeps while it has not moved.
    alignas(8) atomic<std::uint32_t> epoch{0};
    /// A hint: the seat rung last (low 31 bits), and whether seats go first next time (top bit). Races are harmless.
    atomic<std::uint32_t> turn{0};
    /// Bit s: the reactor in seat s awaits this word. Changed by the owner of the seat alone. Bit 63 is
    /// the crowd's, and stays once it is set; what they await, their seats say.
    atomic<std::uint64_t> seats{0};
    /// The next wait word of the segment, in units of 8 bytes from its start; 0 ends the list. Set while the segment's
    /// creator constructs the object, never afterwards.
    std::uint32_t next_word = 0;
    std::uint32_t reserved = 0;
};
static_assert(sizeof(wait_word_layout) == 24 && alignof(wait_word_layout) == 8);

class wait_word : public wait_word_layout {
public:
    /// Enters itself in the list of the segment that is being constructed around it; outside of one, in none.
    CROSSWAKE_EXPORT wait_word() noexcept;
    wait_word(const wait_word&) = delete;
    wait_word& operator=(const wait_word&) = delete;

    static constexpr std::uint32_t threads_sleep = 1;
    static constexpr std::uint32_t step = 2;

    [[nodiscard]] bool somebody_waits() const noexcept {
        return (epoch.load() & threads_sleep) != 0 || seats.load() != 0;
    }
};

/// Wakes one sleeper, if somebody announced itself; false: nobody was there to be woken. Never fails, never blocks.
CROSSWAKE_EXPORT bool wake_announced_one(wait_word& word) noexcept;
/// Wakes every sleeper.
CROSSWAKE_EXPORT void wake_announced_all(wait_word& word) noexcept;

inline bool wake_one(wait_word& word) noexcept {
    return word.somebody_waits() && wake_announced_one(word);
}

inline void wake_all(wait_word& word) noexcept {
    if (word.somebody_waits())
        wake_announced_all(word);
}

} // namespace crosswake::detail
