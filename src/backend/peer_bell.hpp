// CONTRACT peer_bell: a ringer's side of a bell, its own process's or another's.
#pragma once

#include <crosswake/detail/owner.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crosswake::backend {

/// Tells one bell of a process from all others it has, ever had, or will have, also across exec: ringers remember bells
/// by it, and a seat that is changing hands may bear the one owner's name beside the other's address. Never 0; 63 bits.
using bell_address = std::uint64_t;

/// The mailbox's bytes as the core may use them, beside a header of the backend's own.
inline constexpr std::size_t mailbox_bytes = 1024;

/// One bell of some process. Peers find it by the process's token and the bell's address within that process.
class peer_bell {
public:
    enum class found : unsigned char {
        yes,
        dead,        // the process, or that bell of it, is no more
        unreachable, // it may live, and this process cannot get at its bell
    };
    /// The bell of another process. What comes back belongs to exactly that process and bell: what a forged or recycled
    /// entry would lead to is checked before it is opened for writing.
    static std::unique_ptr<peer_bell> find(detail::owner_token who, bell_address address, found& result);
    virtual ~peer_bell() = default;
    peer_bell(const peer_bell&) = delete;
    peer_bell& operator=(const peer_bell&) = delete;

    [[nodiscard]] virtual std::byte* mailbox() const noexcept = 0;
    /// Never blocks, raises no signal. false: its owner is dead, or has closed it.
    [[nodiscard]] virtual bool ring() noexcept = 0;
    /// Cheap: a hint that the owner has gone.
    [[nodiscard]] virtual bool seems_dead() noexcept = 0;

protected:
    peer_bell() = default;
};

} // namespace crosswake::backend
