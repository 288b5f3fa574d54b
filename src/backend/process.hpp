// CONTRACT process: who a process is, and whether it lives.
#pragma once

#include <crosswake/detail/owner.hpp>

#include <cstdint>

namespace crosswake::backend {

class region;

/// A token names one process for ever, across reuse of its pid and across PID namespaces:
///
///     bits  0-1   0, for the flags of whoever stores it
///     bits  2-25  pid (on Windows a quarter of it: pids are multiples of 4 there)
///     bits 26-41  PID namespace (low bits of its inode; 0 where there is no such thing)
///     bits 42-63  birth: when the process started, in the system's own unit, modulo 2^22
///
/// A wrong "alive" takes the same pid, namespace and birth modulo 2^22 (half a day in Linux's unit of 10 ms, 70 minutes
/// in that of 1 ms on Windows), to the unit: a wait that lasts too long. A wrong "dead" would rob a living owner, and
/// cannot come from a collision.
struct token_fields {
    std::uint32_t pid = 0;
    std::uint32_t pid_namespace = 0;
    std::uint32_t birth = 0;
};
inline constexpr std::uint32_t token_pid_limit = 1u << 24;

constexpr detail::owner_token pack(token_fields f) noexcept {
    return (std::uint64_t{f.pid & 0xff'ffffu} << 2) | (std::uint64_t{f.pid_namespace & 0xffffu} << 26) |
           (std::uint64_t{f.birth & 0x3f'ffffu} << 42);
}
constexpr token_fields unpack(detail::owner_token t) noexcept {
    return {static_cast<std::uint32_t>(t >> 2) & 0xff'ffffu, static_cast<std::uint32_t>(t >> 26) & 0xffffu,
            static_cast<std::uint32_t>(t >> 42)};
}

/// Finds out the token of this process.
[[nodiscard]] detail::owner_token identify() noexcept;
/// A cell for the token: reads 0 until somebody writes it, and again in a forked child.
[[nodiscard]] detail::atomic<detail::owner_token>& identity_cell() noexcept;

enum class life : unsigned char {
    alive,
    dead,    // proven: no such process, or a zombie without threads; or it has no mapping of the region
    unknown, // the system gives no proof either way; treat as alive
};

/// Does the process live, and has it `where` mapped? A process that is stopped lives. Costs a few system calls.
[[nodiscard]] life probe(detail::owner_token who, const region& where) noexcept;

/// Around every fork of this process: `before` in the parent, then one of the others. `in_child` may only do what is
/// safe after the fork of a process with threads.
void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept;

/// A number that nobody can guess or repeat.
[[nodiscard]] std::uint64_t random_number() noexcept;

} // namespace crosswake::backend
