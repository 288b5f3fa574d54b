// Who a process is and whether it lives, from process handles and the holds on a region; and who its user is.
#include <backend/process.hpp>

#include <win32/birth.hpp>
#include <win32/handle.hpp>
#include <win32/object_name.hpp>
#include <win32/region_section.hpp>
#include <win32/security.hpp>

#include <bcrypt.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace crosswake::win32 {
namespace {

/// A user's or a group's number, with the structure in front of it that the system gives it out in.
struct token_member {
    explicit token_member(TOKEN_INFORMATION_CLASS which) noexcept {
        HANDLE opened = nullptr;
        if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened))
            return;
        const handle token(opened);
        DWORD length = 0;
        // TOKEN_USER and TOKEN_PRIMARY_GROUP both begin with the address of the SID, which follows.
        if (::GetTokenInformation(token.get(), which, bytes, sizeof bytes, &length))
            sid = *reinterpret_cast<PSID*>(bytes);
    }

    alignas(void*) std::byte bytes[128]{};
    PSID sid = nullptr;
};

PSID user() noexcept {
    static const token_member me(TokenUser);
    return me.sid;
}

PSID group() noexcept {
    static const token_member mine(TokenPrimaryGroup);
    return mine.sid;
}

PSID everyone() noexcept {
    struct world {
        world() noexcept {
            DWORD length = sizeof bytes;
            if (::CreateWellKnownSid(WinWorldSid, nullptr, bytes, &length))
                sid = bytes;
        }
        alignas(void*) std::byte bytes[SECURITY_MAX_SID_SIZE]{};
        PSID sid = nullptr;
    };
    static const world all;
    return all.sid;
}

} // namespace

security::security(permissions who) noexcept {
    auto* const acl = reinterpret_cast<ACL*>(acl_);
    const auto let_in = [acl](PSID whom) {
        return whom != nullptr && ::AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, whom);
    };
    const bool made = ::InitializeSecurityDescriptor(&descriptor_, SECURITY_DESCRIPTOR_REVISION) &&
                      ::InitializeAcl(acl, sizeof acl_, ACL_REVISION) && let_in(user()) &&
                      (who != permissions::group || let_in(group())) &&
                      (who != permissions::everyone || let_in(everyone())) &&
                      ::SetSecurityDescriptorOwner(&descriptor_, user(), FALSE) &&
                      ::SetSecurityDescriptorGroup(&descriptor_, group(), FALSE) &&
                      ::SetSecurityDescriptorDacl(&descriptor_, TRUE, acl, FALSE);
    if (!made)
        std::abort(); // a process without a user: there is nobody whom anything could belong to
    attributes_.nLength = sizeof attributes_;
    attributes_.lpSecurityDescriptor = &descriptor_;
}

void security::replace_that_of(const handle& object) noexcept {
    ::SetKernelObjectSecurity(object.get(), DACL_SECURITY_INFORMATION, &descriptor_);
}

bool is_acceptable(const handle& object, permissions who) noexcept {
    if (who == permissions::everyone)
        return true;
    alignas(void*) std::byte descriptor[1024];
    DWORD length = 0;
    PSID owner = nullptr;
    PSID its_group = nullptr;
    BOOL is_default = FALSE;
    if (!::GetKernelObjectSecurity(object.get(), OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION, descriptor,
                                   sizeof descriptor, &length) ||
        !::GetSecurityDescriptorOwner(descriptor, &owner, &is_default) ||
        !::GetSecurityDescriptorGroup(descriptor, &its_group, &is_default))
        return false;
    const auto is_same = [](PSID a, PSID b) { return a != nullptr && b != nullptr && ::EqualSid(a, b); };
    return is_same(owner, user()) || (who == permissions::group && is_same(its_group, group()));
}

std::uint32_t birth_of(HANDLE process) noexcept {
    FILETIME birth{};
    FILETIME death{};
    FILETIME in_kernel{};
    FILETIME in_user{};
    if (!::GetProcessTimes(process, &birth, &death, &in_kernel, &in_user))
        return 0;
    const auto ticks = (std::uint64_t{birth.dwHighDateTime} << 32) | birth.dwLowDateTime;
    return static_cast<std::uint32_t>(ticks / 10'000) & 0x3f'ffffu;
}

} // namespace crosswake::win32

namespace crosswake::backend {

using namespace win32;

namespace {

bool is_proven_dead(token_fields who) noexcept {
    const handle process(::OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, who.pid * 4));
    if (!process)
        return ::GetLastError() == ERROR_INVALID_PARAMETER; // no such process; else it is another user's, perhaps
    // A number stays a dead process's as long as anybody has a handle on it. And it may be somebody else's by now.
    return is_signalled(process) || birth_of(process.get()) != who.birth;
}

} // namespace

detail::owner_token identify() noexcept {
    return pack({.pid = ::GetCurrentProcessId() / 4, .pid_namespace = 0, .birth = birth_of(::GetCurrentProcess())});
}

detail::atomic<detail::owner_token>& identity_cell() noexcept {
    static constinit detail::atomic<detail::owner_token> cell{0};
    return cell;
}

life probe(detail::owner_token who, const region& where) noexcept {
    if (who == detail::this_process())
        return life::alive;
    const bool has_our_numbers = unpack(who).pid_namespace == unpack(detail::this_process()).pid_namespace;
    if (has_our_numbers && is_proven_dead(unpack(who)))
        return life::dead;
    return static_cast<const region_section&>(where).is_held_by(who);
}

// There is no fork.
void around_fork(void (*)(), void (*)(), void (*)()) noexcept {}

std::uint64_t random_number() noexcept {
    std::uint64_t number = 0;
    if (::BCryptGenRandom(nullptr, reinterpret_cast<unsigned char*>(&number), sizeof number,
                          BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0)
        std::abort(); // documented to fail for wrong arguments only
    return number;
}

} // namespace crosswake::backend
