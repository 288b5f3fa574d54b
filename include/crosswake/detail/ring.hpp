// What the rings have in common: positions that go round, and ends that one process at a time holds.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/detail/owner.hpp>

#include <cstdint>

namespace crosswake::detail {

/// Where the next item goes in or comes out: the slot in the low 32 bits, how often the ring has been passed in the
/// high.
using ring_position = std::uint64_t;

constexpr std::uint32_t slot_of(ring_position p) noexcept {
    return static_cast<std::uint32_t>(p);
}

/// `count` is not more than the capacity.
constexpr ring_position advanced(ring_position p, std::uint32_t count, std::uint32_t capacity) noexcept {
    const auto slot = std::uint64_t{slot_of(p)} + count;
    return slot < capacity ? p + count : (((p >> 32) + 1) << 32) + (slot - capacity);
}

struct queue_end_layout {
    alignas(64) atomic<owner_token> holder{nobody};
    atomic<ring_position> position{0};
    /// The other end's position when it was last looked at; read and written by the holder alone.
    ring_position other_seen = 0;
};

class queue_end : public queue_end_layout {
public:
    bool hold() noexcept {
        owner_token now = nobody;
        return holder.compare_exchange_strong(now, this_process()) || hold_contended();
    }
    /// Nobody is inside; a holder that is dead is taken out.
    CROSSWAKE_EXPORT bool is_free() noexcept;

private:
    /// Spins for about as long as a healthy holder needs, then looks whether the holder is dead.
    CROSSWAKE_EXPORT bool hold_contended() noexcept;
};

} // namespace crosswake::detail
