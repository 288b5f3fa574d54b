// Who may use a kernel object, and whose it is.
#pragma once

#include <crosswake/named.hpp>
#include <win32/handle.hpp>

#include <cstddef>

namespace crosswake::win32 {

/// This user's, by the name of the user and not of whoever is the owner by default: an elevated process would otherwise
/// make what the same user's other processes are refused. Group and everyone are let in as the permissions say.
class security {
public:
    explicit security(permissions who) noexcept;
    security(const security&) = delete;
    security& operator=(const security&) = delete;

    /// For a new object; it is not inherited by child processes.
    [[nodiscard]] SECURITY_ATTRIBUTES* attributes() noexcept { return &attributes_; }
    /// Has an object that exists let in the same.
    void replace_that_of(const handle& object) noexcept;

private:
    static constexpr std::size_t acl_bytes = 512; // three entries of at most 84 bytes, and a head

    SECURITY_ATTRIBUTES attributes_{};
    SECURITY_DESCRIPTOR descriptor_{};
    alignas(ACL) std::byte acl_[acl_bytes]{};
};

/// Whether it is this user's, or by the permissions somebody else's will do. The handle must allow READ_CONTROL.
[[nodiscard]] bool is_acceptable(const handle& object, permissions who) noexcept;

} // namespace crosswake::win32
