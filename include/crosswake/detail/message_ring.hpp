// The ring of bytes under message_queue, with its ring of slots: who may write where, and who may read.
//
// A slot's word says what has become of its message, and who has it; docs/decisions/0006 has the rule.
//
//     reserve: hold the tail -> find room -> write the slot -> move the tail -> let go
//     commit:  reserved -> waits -> wake
//     receive: hold the head -> find the first that waits -> on loan -> let go
//     release: on loan -> finished -> wake
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/detail/hold.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/queue_core.hpp>
#include <crosswake/detail/wait_word.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace crosswake::detail {

/// Messages begin on multiples of it, and occupy multiples of it.
inline constexpr std::uint32_t message_unit = 64;

/// One message: where it is, and who has it.
struct message_slot {
    /// What has become of it: one of these, or a token with one of the two flags.
    static constexpr owner_token finished = 0;
    static constexpr owner_token reserved = 1; // with the producer's token
    static constexpr owner_token on_loan = 2;  // with the consumer's token
    static constexpr owner_token waits = 3;    // with no token

    alignas(64) atomic<owner_token> state{finished};
    atomic<std::uint64_t> place{0};   // its first unit; in the high half, how many
    atomic<std::uint64_t> content{0}; // its bytes; in the high half, how often it was on loan
};
static_assert(sizeof(message_slot) == 64);

struct message_end {
    alignas(64) hold inside;
    atomic<ring_position> position{0};
    /// The other end's position when it was last looked at; read and written by the holder alone.
    atomic<ring_position> other_seen{0};
};

struct message_core {
    explicit message_core(std::uint32_t slots) noexcept : slot_count(slots) {}

    message_end tail;
    message_end head; // its position: the oldest slot that may not be finished
    alignas(64) wait_word poppers;
    wait_word pushers;
    atomic<std::uint32_t> closed{0};
    std::uint32_t slot_count;           // read when the queue is opened, and checked against the object's size
    atomic<std::uint32_t> all_woken{0}; // since there was new room: somebody for whom it was not enough saw to it
    std::uint32_t reserved = 0;
};
static_assert(sizeof(message_core) == 192);

/// A slot that this process has, as a reservation or on loan. Each of the four ends it; false, and nothing changed:
/// this process does not have it (it is the child of one that does). They wait for nobody.
struct message_claim {
    message_core* core = nullptr;
    message_slot* slot = nullptr;
    std::byte* data = nullptr;
    std::size_t size = 0;
    std::uint32_t redelivered = 0;

    CROSSWAKE_EXPORT bool commit(std::size_t bytes) const noexcept;
    CROSSWAKE_EXPORT bool abort() const noexcept;
    CROSSWAKE_EXPORT bool release() const noexcept;
    CROSSWAKE_EXPORT bool put_back() const noexcept;

private:
    bool end(owner_token as, owner_token next, std::size_t bytes) const noexcept;
};

/// A queue as one process sees it: the shared rings, and their sizes, which no other process can change.
class message_ring {
public:
    message_ring(message_core& core, message_slot* slots, std::uint32_t slot_count, std::byte* bytes,
                 std::uint32_t units) noexcept
        : core_(&core), slots_(slots), bytes_(bytes), slot_count_(slot_count), units_(units) {}

    struct outcome {
        attempt what = attempt::wait;
        errc error{};
        owner_token held_by = nobody;
        message_claim claim{};
    };
    /// One try. done with no error: the claim is for that many bytes.
    CROSSWAKE_EXPORT outcome reserve(std::size_t bytes) const noexcept;
    /// One try. done with no error: the claim is on a message.
    CROSSWAKE_EXPORT outcome receive() const noexcept;
    /// Whether somebody's try would come to something; may err on the side of true.
    [[nodiscard]] CROSSWAKE_EXPORT bool may_reserve() const noexcept;
    [[nodiscard]] CROSSWAKE_EXPORT bool may_receive() const noexcept;

    CROSSWAKE_EXPORT void close() const noexcept;
    /// How many messages wait.
    [[nodiscard]] CROSSWAKE_EXPORT std::size_t size() const noexcept;

    [[nodiscard]] message_core& core() const noexcept { return *core_; }
    [[nodiscard]] message_slot& slot(ring_position p) const noexcept { return slots_[slot_of(p)]; }
    [[nodiscard]] std::uint32_t slot_count() const noexcept { return slot_count_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return std::size_t{units_} * message_unit; }
    /// A message of more bytes never fits.
    [[nodiscard]] std::size_t largest() const noexcept {
        return std::min<std::size_t>(capacity(), std::size_t{1} << 31);
    }

private:
    struct extent {
        std::uint32_t first = 0;
        std::uint32_t units = 0;
    };
    struct gap {
        errc error{};
        bool is_there = false;
        std::uint32_t first = 0;
    };

    /// A message of no bytes has a place, too.
    static std::uint32_t units_for(std::size_t bytes) noexcept {
        return bytes == 0 ? 1 : static_cast<std::uint32_t>((bytes - 1) / message_unit) + 1;
    }
    static outcome over(errc error) noexcept { return {attempt::done, error, nobody, {}}; }
    [[nodiscard]] ring_position after(ring_position p) const noexcept { return advanced(p, 1, slot_count_); }
    /// Both are positions, and no more than the ring lies between them.
    [[nodiscard]] bool make_sense(ring_position head, ring_position tail) const noexcept {
        return slot_of(head) < slot_count_ && slot_of(tail) < slot_count_ &&
               items_between(head, tail, slot_count_) <= slot_count_;
    }
    /// Of no units: the bytes are not what this library wrote.
    [[nodiscard]] extent extent_of(const message_slot& s) const noexcept;
    [[nodiscard]] gap room_for(std::uint32_t units, ring_position head, ring_position tail) const noexcept;

    outcome reserve_inside(std::uint32_t units, std::size_t bytes) const noexcept;
    [[nodiscard]] bool has_room() const noexcept;
    /// Moves the head past what is finished; nobody: done, as far as it goes now. Else who has to let go of the head.
    owner_token move_head(ring_position tail) const noexcept;
    outcome receive_inside() const noexcept;
    /// The first that waits between the head and there.
    outcome receive_before(ring_position tail) const noexcept;
    outcome look_closer() const noexcept;
    outcome lend(message_slot& s) const noexcept;

    void let_go_of_tail() const noexcept;
    void let_go_of_head() const noexcept;

    message_core* core_;
    message_slot* slots_;
    std::byte* bytes_;
    std::uint32_t slot_count_;
    std::uint32_t units_;
};

} // namespace crosswake::detail
