// A kernel that refuses: one kind of call, always or one time of many, or all but those that are known; and a /proc
// that shows less than usual.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace crosswake::test {

/// The kernel calls that the library makes on this system, by name; without those that cannot fail.
[[nodiscard]] std::vector<std::string> kernel_calls();
/// The errors with which they are refused here.
[[nodiscard]] std::vector<std::string> kernel_errors();

/// From now on the kernel refuses this call to the calling thread, and to those that it starts.
void refuse_call(const std::string& call, const std::string& error);
/// The same for one of those calls alone: the n-th from now on, children's included. Once in a process. false: this
/// system lets nobody choose.
[[nodiscard]] bool refuse_nth_call(const std::string& call, const std::string& error, std::size_t n);
/// From now on that one is refused no more. How many of them there were before.
std::size_t grant_all_calls();

/// From now on any call that is none of kernel_calls(), and none that cannot fail or is the C library's own, ends this
/// process, which says what call it was.
void forbid_unknown_calls();

/// From now on nobody may look into this process through /proc, rights of the superuser aside.
void become_opaque();
/// Gives this process and those that it starts a /proc that hides other users' processes. false: it has no right to.
bool enter_hiding_proc();
/// Gives this process and those that it starts a /proc without anything in it. false: it has no right to.
bool enter_empty_proc();

} // namespace crosswake::test
