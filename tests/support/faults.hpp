// A kernel that refuses: one kind of call, always or once; and a /proc that shows less than usual.
#pragma once

#include <string>
#include <vector>

namespace crosswake::test {

/// The kernel calls that the library makes on this system, by name.
[[nodiscard]] std::vector<std::string> kernel_calls();
/// The errors with which they are refused here.
[[nodiscard]] std::vector<std::string> kernel_errors();

/// From now on the kernel refuses this call to the calling thread, and to those that it starts.
void refuse_call(const std::string& call, const std::string& error);
/// The same for the next one alone.
void refuse_call_once(const std::string& call, const std::string& error);

/// From now on nobody may look into this process through /proc, rights of the superuser aside.
void become_opaque();
/// Gives this process and those that it starts a /proc that hides other users' processes. false: it has no right to.
bool enter_hiding_proc();
/// Gives this process and those that it starts a /proc without anything in it. false: it has no right to.
bool enter_empty_proc();

} // namespace crosswake::test
