// What tests ask of the operating system beside child processes. One source file for each.
#pragma once

#include <cstddef>
#include <string>

namespace crosswake::test {

/// Path of this program.
std::string own_program();
/// Threads and open descriptors (handles) of this process.
std::size_t thread_count();
std::size_t descriptor_count();
/// How often this process has been put to sleep and woken (voluntary context switches of all its threads).
std::size_t wake_up_count();
/// Objects whose names contain the text.
std::size_t objects_left(const std::string& text);

} // namespace crosswake::test
