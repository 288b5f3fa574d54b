// CONTRACT region: named memory that processes map, each at an address of its own.
//
// A region lives while some process has it mapped. The operating system keeps the books (never a count in the mapped
// bytes), so a kill at any instruction leaves either a live region, or one that nobody maps and that the next creation,
// or sweep, removes.
#pragma once

#include <crosswake/detail/owner.hpp>
#include <crosswake/named.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace crosswake::backend {

class region {
public:
    /// The first bytes of every region belong to the backend; the core leaves them alone.
    static constexpr std::size_t backend_bytes = 64;

    /// Initialises the bytes of a new region, which read as zeros, before it bears its name; may throw, and then
    /// nothing of the region is left.
    struct initialiser {
        virtual void operator()(std::byte* bytes) = 0;

    protected:
        ~initialiser() = default;
    };

    /// A new region of `bytes`, of which the pages of the first `reserved` are set aside now: a full memory is the
    /// error no_space here and never a fault later. already_exists: somebody's live region has the name; it is not
    /// touched.
    static std::unique_ptr<region> create(std::string_view name, std::size_t bytes, std::size_t reserved,
                                          permissions who, initialiser& initialise, std::error_code& error);

    /// The live region of that name: not_found; permission_denied (another user's, or its permissions exclude us).
    /// A dead one that is still in the way is removed, or being removed, and is not_found.
    static std::unique_ptr<region> open(std::string_view name, permissions who, std::error_code& error);

    /// Unmaps. The last process to do so removes the region; a forked child's leaving takes nothing from its parent.
    virtual ~region() = default;
    region(const region&) = delete;
    region& operator=(const region&) = delete;

    [[nodiscard]] std::byte* bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Sets aside further pages of the mapping.
    virtual std::error_code reserve(std::size_t offset, std::size_t length) noexcept = 0;

    /// Wakes, through the region itself, every bell that listens to it: for peers that cannot be reached directly.
    /// Never blocks. false: this platform, or this region, has no such way.
    virtual bool ring() noexcept = 0;

    /// Makes the process of this token a holder in its own right: for a forked child, which inherits its parent's hold.
    /// false: the system refuses, and what the process owns there may be taken for a dead one's.
    [[nodiscard]] virtual bool hold_as(detail::owner_token who) noexcept = 0;

protected:
    region(std::byte* bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}

private:
    std::byte* bytes_;
    std::size_t size_;
};

/// Removes up to `most` regions of this user that nobody maps; returns how many it removed.
std::size_t sweep_regions(std::size_t most) noexcept;

} // namespace crosswake::backend
