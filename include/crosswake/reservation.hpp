// Bytes in a message_queue that are being written.
#pragma once

#include <crosswake/detail/message_ring.hpp>
#include <crosswake/error.hpp>

#include <cassert>
#include <cstddef>
#include <span>
#include <utility>

namespace crosswake {

/// Room for one message, in the queue itself: write it there, and commit(). To let it go without is to send nothing.
///
/// Movable; may be written and committed in another thread of the process than the one that reserved. Owned by the
/// process: if it dies, the room goes back; in a forked child an inherited one does nothing when it goes. It has to go
/// before the handle of the queue. Not itself thread-safe.
class reservation {
public:
    reservation() noexcept = default;
    reservation(reservation&& other) noexcept : claim_(std::exchange(other.claim_, {})) {}
    reservation& operator=(reservation&& other) noexcept {
        reservation(std::move(other)).swap(*this);
        return *this;
    }
    ~reservation() { abort(); }

    void swap(reservation& other) noexcept { std::swap(claim_, other.claim_); }

    /// As many bytes as were asked for, of any value; they begin on a multiple of 64.
    [[nodiscard]] std::span<std::byte> data() const noexcept { return {claim_.data, claim_.size}; }
    [[nodiscard]] std::size_t size() const noexcept { return claim_.size; }

    /// Sends them all.
    void commit() { commit(claim_.size); }
    /// Sends the first of them; what was reserved beyond comes back when the message is released. Synchronises with
    /// the receive() that gets the message. Wakes a receiver. Never waits. There must be a reservation.
    ///
    /// Throws errc::invalid_argument for more bytes than there are, errc::operation_not_permitted in a process (a
    /// forked child) that does not own the reservation, and changes nothing then.
    void commit(std::size_t bytes) {
        assert(*this && "crosswake::reservation::commit: there is nothing to commit");
        if (bytes > claim_.size)
            detail::raise_about(claim_.core, errc::invalid_argument, "reservation::commit of more than was reserved");
        if (!claim_.commit(bytes))
            detail::raise_about(claim_.core, errc::operation_not_permitted, "reservation::commit");
        claim_ = {};
    }
    /// Gives the room back, and sends nothing.
    void abort() noexcept {
        if (const auto claim = std::exchange(claim_, {}); claim.slot != nullptr)
            (void)claim.abort();
    }

    /// Whether there is something to write and commit.
    explicit operator bool() const noexcept { return claim_.slot != nullptr; }

    /// For the library: takes over what a try to reserve brought.
    explicit reservation(const detail::message_claim& claim) noexcept : claim_(claim) {}

private:
    detail::message_claim claim_;
};

} // namespace crosswake
