// What the kernel does at which system call of this thread, and of those that it starts (seccomp).
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace crosswake::test {

inline constexpr sock_filter load_call_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));

constexpr sock_filter verdict(std::uint32_t what) {
    return BPF_STMT(BPF_RET | BPF_K, what);
}

/// The rule that follows is for this call only.
constexpr sock_filter unless(long call) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1);
}

/// Throws where the system has no such thing.
void filter_calls(std::vector<sock_filter> rules);

/// From now on `answer` is asked before each such call: 0 lets it be made, an error is what comes of it. In a thread of
/// its own that the filter is not for, so that it may make such calls itself; it may not wait for anything that the
/// asking thread may have locked, the heap included. For the rest of the process's life; about its children's calls
/// too, while it lives. false: the system lets nobody be asked.
[[nodiscard]] bool ask_before(long call, std::function<int()> answer);

} // namespace crosswake::test
