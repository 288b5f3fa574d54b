// A mailbox as a page of memory: what lies in it before the notes, and how its bell's address leads there.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/detail/owner.hpp>
#include <posix/fd.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crosswake::posix {

/// What a peer checks before it trusts the rest, and where the pipe is.
struct mailbox_header {
    static constexpr std::uint64_t right_magic = 0x636f'7262'656c'6c31;

    std::uint64_t magic;
    detail::owner_token owner;
    backend::bell_address address;
    std::uint64_t pipe_inode;
    std::int32_t pipe;
};

/// The owner's mapping of it, or a peer's.
class mailbox_page {
public:
    static constexpr std::size_t bytes = 4096;

    explicit mailbox_page(const fd& memory) noexcept {
        void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
        at_ = at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
    }
    mailbox_page(const mailbox_page&) = delete;
    mailbox_page& operator=(const mailbox_page&) = delete;
    ~mailbox_page() {
        if (at_ != nullptr)
            ::munmap(at_, bytes);
    }
    explicit operator bool() const noexcept { return at_ != nullptr; }
    [[nodiscard]] mailbox_header& header() const noexcept { return *reinterpret_cast<mailbox_header*>(at_); }
    [[nodiscard]] std::byte* notes() const noexcept { return at_ + notes_offset; }

private:
    static constexpr std::size_t notes_offset = 64;
    static_assert(sizeof(mailbox_header) <= notes_offset && notes_offset + backend::mailbox_bytes <= bytes);

    std::byte* at_;
};

// An address is the mailbox's descriptor, and a random number that makes it one of its kind.
inline constexpr std::uint32_t descriptor_bits = 21;
constexpr backend::bell_address address_of(int descriptor, std::uint64_t random) noexcept {
    return (random << descriptor_bits | (static_cast<std::uint64_t>(descriptor) + 1)) & ~std::uint64_t{0} >> 1;
}
constexpr int descriptor_in(backend::bell_address address) noexcept {
    return static_cast<int>(address & ((1u << descriptor_bits) - 1)) - 1;
}

/// A ringer that writes into this pipe.
std::unique_ptr<backend::peer_bell> ringer_of(fd pipe, std::shared_ptr<mailbox_page> page);

} // namespace crosswake::posix
