// A bell and its mailbox: a named event, and a page of memory in a named section.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/owner.hpp>
#include <win32/handle.hpp>
#include <win32/view.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace crosswake::win32 {

/// What a peer checks before it trusts the rest, and how it learns that the bell is no more.
struct mailbox_header {
    static constexpr std::uint64_t right_magic = 0x636f'7262'656c'6c31;

    std::uint64_t magic;
    detail::owner_token owner;
    backend::bell_address address;
    detail::atomic<std::uint32_t> is_closed; // its names live on as long as any peer has them open
};

/// The owner's, or a peer's.
class bell_box {
public:
    static constexpr std::size_t bytes = 4096;

    bell_box(handle event, handle section) noexcept
        : event_(std::move(event)), section_(std::move(section)), view_(section_, FILE_MAP_READ | FILE_MAP_WRITE) {}
    bell_box(const bell_box&) = delete;
    bell_box& operator=(const bell_box&) = delete;

    explicit operator bool() const noexcept { return static_cast<bool>(view_) && view_.size() >= bytes; }
    [[nodiscard]] mailbox_header& header() const noexcept { return *reinterpret_cast<mailbox_header*>(view_.bytes()); }
    [[nodiscard]] std::byte* notes() const noexcept { return view_.bytes() + notes_offset; }

    /// Stays signalled until silenced. A manual-reset event, since whoever watches it may do so in vain: a wait that is
    /// satisfied and cancelled at once takes an auto-reset event's signal with it, and leaves this one's.
    [[nodiscard]] const handle& event() const noexcept { return event_; }
    void ring() const noexcept { ::SetEvent(event_.get()); }
    void silence() const noexcept { ::ResetEvent(event_.get()); }

private:
    static constexpr std::size_t notes_offset = 64;
    static_assert(sizeof(mailbox_header) <= notes_offset && notes_offset + backend::mailbox_bytes <= bytes);

    handle event_;
    handle section_;
    view view_;
};

} // namespace crosswake::win32
