// What tests ask of the operating system beside child processes. One source file for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace crosswake::test {

/// A sanitizer makes system calls of its own, and takes descriptors for a moment.
#ifdef CROSSWAKE_TESTS_INSTRUMENTED
inline constexpr bool is_instrumented = true;
#else
inline constexpr bool is_instrumented = false;
#endif

/// Ends the processes that this one starts, and those that they start, when it ends itself, however it does; where the
/// system has that.
void tie_children_to_this_process();
/// In this process and its children. Without a value the variable is removed.
void set_environment(const char* variable, const std::string& value);

/// Path of this program; or of the one of the same name in the folder CROSSWAKE_TEST_PROGRAMS, which may have been
/// built otherwise, and then is what children run.
std::string own_program();
/// Threads and open descriptors (handles) of this process.
std::size_t thread_count();
std::size_t descriptor_count();
/// How many mappings this process has of objects whose names contain the text; others may count too, each time.
std::size_t mapping_count(const std::string& text);
/// How often this process has been put to sleep and woken (voluntary context switches of all its threads).
std::size_t wake_up_count();
/// Objects whose names contain the text.
std::size_t objects_left(const std::string& text);

/// A thread of some process. A child's first thread, which runs its role, has the number of the process.
using thread_number = std::uint32_t;
thread_number this_thread();
/// Whether the thread sleeps in the system, as one does that waits for a wake-up.
bool is_asleep(thread_number thread);
/// Looks until it sleeps. While it gets ready it may sleep for other reasons: let it say first that it is about to
/// wait.
void until_asleep(thread_number thread);
/// Looks until the thread has ended, whether or not anybody has asked how.
void until_ended(thread_number thread);
[[nodiscard]] std::uint32_t own_process();
/// Ends the calling thread. The process lives while another runs.
[[noreturn]] void end_this_thread();
/// Looks until the process is stopped, which it has to do by itself.
void until_stopped(std::uint32_t process);

/// From now on any system call but a write to an open file and the end of the process ends it, with the exit code that
/// killed_by_forbidden_call() tells.
void forbid_system_calls();
int killed_by_forbidden_call();

/// From now on to sleep by the clock that people set, whose changes would cut the wait short or stretch it, ends this
/// process in the same way.
void forbid_sleeping_by_the_wall_clock();
void sleep_a_moment_by_the_wall_clock();

/// From now on the system knows no flags for writing, as an older one.
void refuse_write_flags();

/// Leaves this process no descriptor (handle) to open, or just so many.
void use_up_descriptors(std::size_t but = 0);
/// Gives up this process's rights for those of another user. false: it has no right to.
bool become_user(std::uint32_t user, std::uint32_t group);
/// The same, for a user that owns nothing.
bool become_nobody();
/// Gives this process an empty shared memory of its own, of that many bytes. false: it has no right to.
bool enter_small_shared_memory(std::size_t bytes);
/// Has the children that this process starts from now on live among process numbers of their own. false: no right to.
bool enter_new_process_numbers();
/// Has the next process that this one starts bear that number, if nobody else has it. false: no right to.
bool next_process_number(std::uint32_t number);

} // namespace crosswake::test
