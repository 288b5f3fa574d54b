// A message that was received from a message_queue, and lies in it still.
#pragma once

#include <crosswake/detail/message_ring.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace crosswake {

/// A message on loan: read it where it is. Letting it go releases its room in the queue; nobody else gets the message
/// then. If its process dies first, or puts it back, somebody else gets it.
///
/// Movable; may be read and released in another thread of the process than the one that received. In a forked child an
/// inherited one does nothing when it goes. It has to go before the handle of the queue. Not itself thread-safe.
class message {
public:
    message() noexcept = default;
    message(message&& other) noexcept : claim_(std::exchange(other.claim_, {})) {}
    message& operator=(message&& other) noexcept {
        message(std::move(other)).swap(*this);
        return *this;
    }
    ~message() { release(); }

    void swap(message& other) noexcept { std::swap(claim_, other.claim_); }

    /// Its bytes; they begin on a multiple of 64, and do not change while this has them.
    [[nodiscard]] std::span<const std::byte> data() const noexcept { return {claim_.data, claim_.size}; }
    [[nodiscard]] std::size_t size() const noexcept { return claim_.size; }
    /// How often it was given to somebody before who died with it or put it back: 0 as a rule. Otherwise what it asks
    /// for may have been done already; a message that its receivers die of shows by this number.
    [[nodiscard]] std::uint32_t redelivered() const noexcept { return claim_.redelivered; }

    /// Done with it: its room is free. Wakes those who wait for room. Never waits.
    void release() noexcept {
        if (const auto claim = std::exchange(claim_, {}); claim.slot != nullptr)
            (void)claim.release();
    }
    /// Not done: it waits again, in front of all that was reserved after it. Wakes a receiver. Never waits.
    void put_back() noexcept {
        if (const auto claim = std::exchange(claim_, {}); claim.slot != nullptr)
            (void)claim.put_back();
    }

    /// Whether there is a message.
    explicit operator bool() const noexcept { return claim_.slot != nullptr; }

    /// For the library: takes over what a try to receive brought.
    explicit message(const detail::message_claim& claim) noexcept : claim_(claim) {}

private:
    detail::message_claim claim_;
};

} // namespace crosswake
