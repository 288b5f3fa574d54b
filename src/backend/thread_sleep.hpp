// CONTRACT thread_sleep: blocked threads.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/atomic.hpp>

#include <cstdint>

namespace crosswake::backend {

class region;

/// Sleeps while `word == seen`, until woken or until the deadline. Compares and falls asleep in one step as seen by
/// wake_threads, so it never sleeps past a wake that follows a change of the word. Returns early whenever it likes;
/// never because of the deadline before the deadline. A sleeper that is killed leaves nothing behind. The word lies
/// in `where`.
void sleep_while(region& where, const detail::atomic<std::uint32_t>& word, std::uint32_t seen, deadline until) noexcept;

/// Between two looks at memory, for a thread that spins: lets the processor know.
void spin_pause() noexcept;

enum class wake_count : bool { one, all };

/// Wakes threads of any process that sleep on the word. Returns how many; 0 only if nobody slept.
unsigned wake_threads(region& where, const detail::atomic<std::uint32_t>& word, wake_count how_many) noexcept;

} // namespace crosswake::backend
