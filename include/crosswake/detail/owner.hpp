// Which process holds a thing: a 64-bit token that names one process and no other, and what becomes of it.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>

#include <cstdint>

namespace crosswake::detail {

/// pid, birth and PID namespace of a process, packed (src/backend/process.hpp has the layout). 0: nobody. The two
/// lowest bits are always clear: a word that holds an owner has room for two flags.
using owner_token = std::uint64_t;
inline constexpr owner_token nobody = 0;
inline constexpr owner_token owner_flags = 3;

/// Where the token of this process is, or 0 if it must be found out first: before the first use, and in a forked child
/// (the cell then lies in a page that the kernel wipes on fork).
CROSSWAKE_EXPORT extern atomic<const atomic<owner_token>*> this_process_cell;
CROSSWAKE_EXPORT owner_token find_out_this_process() noexcept;

inline owner_token this_process() noexcept {
    const owner_token known = this_process_cell.load(std::memory_order_relaxed)->load(std::memory_order_relaxed);
    return known != nobody ? known : find_out_this_process();
}

/// true only on the operating system's proof that the process is dead, or has left the segment of `held`, which is
/// where the thing that it holds lies. Costs a few system calls; asks at most once per owner-check interval and
/// thread for the same owner, and says false in between.
CROSSWAKE_EXPORT bool owner_is_dead(owner_token owner, const void* held) noexcept;

/// For who has many owners to ask about: whether it is time to, once per owner-check interval and thread for what lies
/// there; and if it is, then that was it.
CROSSWAKE_EXPORT bool is_time_to_ask_for_deaths(const void* held) noexcept;

/// After news of a death: the next question is asked, however short ago the last one was.
void forget_who_lived() noexcept;

} // namespace crosswake::detail
