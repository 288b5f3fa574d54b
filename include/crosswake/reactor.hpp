// Waits without a thread, for any event loop.
//
// A reactor holds any number of operations that wait, and one bell that rings when some of them may go on. An event
// loop watches the bell's native handles and calls dispatch() when one is readable. <crosswake/asio.hpp> does that on
// Boost.Asio; this header knows no event loop.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/native_handle.hpp>
#include <crosswake/operation.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

namespace crosswake {

namespace detail {
class reactor_state;
class finished_waits;
class deadline_heap;
struct armed_word;
} // namespace detail

/// How a wait in a reactor ended. An operation that did not end as `done` took nothing.
enum class wait_result : unsigned char {
    done,      // the operation says what it came to
    timed_out, // its deadline passed
    cancelled, // by reactor::cancel
    aborted,   // the object's last handle was closed (the next dispatch() says so), or the reactor destroyed
};

/// One wait in a reactor: an operation, a deadline, and what to call at the end. Derive from it, and keep it alive
/// and in place from start() until completed() is called.
class pending {
public:
    explicit pending(deadline until = deadline::never()) noexcept : until_(until) {}
    pending(const pending&) = delete;
    pending& operator=(const pending&) = delete;

    [[nodiscard]] deadline until() const noexcept { return until_; }

protected:
    ~pending() = default;

    /// Called exactly once for each start() that said `waiting`, without any lock held, in the thread that calls
    /// dispatch() or cancel() or destroys the reactor, never inside start(). May destroy this object and may start
    /// other waits.
    virtual void completed(wait_result result) noexcept = 0;

    /// The object's handle has been closed: its memory goes with this wait, and nothing can be handed on that refers
    /// to it.
    [[nodiscard]] CROSSWAKE_EXPORT bool object_is_closed() const noexcept;

private:
    friend class detail::reactor_state;
    friend class detail::finished_waits;
    friend class detail::deadline_heap;

    enum class state : unsigned char { idle, waiting, finished };

    deadline until_;
    operation* operation_ = nullptr;
    std::shared_ptr<void> pin_; // the segment stays mapped as long as this lives
    detail::armed_word* armed_ = nullptr;
    pending* previous_ = nullptr; // among the waits of one word, first come first
    pending* next_ = nullptr;
    std::size_t timer_ = 0; // place in the heap of deadlines, counted from 1; 0: not in it
    state state_ = state::idle;
    wait_result result_ = wait_result::done;
};

/// What start() found.
enum class start_result : unsigned char {
    waiting,   // completed() will be called. After all the others it will not
    done,      // the operation was over at once
    timed_out, // it was not, and the deadline has passed already; nothing was taken
    failed,    // it cannot wait; the error says why
};

/// Thread-safe in all functions but the destructor; dispatch() may run in one thread while others start and cancel.
///
/// Cancellation and deadlines are decided under the reactor's lock: a wait has either taken what it waits for, and
/// ends as `done`, or it has not and never will. Destroying a reactor ends its waits as `aborted`. A process that
/// dies with a reactor leaves nothing that others would wait for.
class reactor {
public:
    /// Throws std::system_error if the system has no bell left (descriptors, memory), or CROSSWAKE_BELL is mistyped.
    CROSSWAKE_EXPORT reactor();
    CROSSWAKE_EXPORT ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    /// What the event loop watches for readability while something waits. The first one is the bell proper; a further
    /// one, where the platform has it, serves peers that cannot reach the bell.
    [[nodiscard]] CROSSWAKE_EXPORT std::span<const native_handle> handles() const noexcept;

    /// Tries `op`, and if it has to wait, keeps it until it is over or `p` is cancelled, times out or is aborted.
    /// Where it failed, `error` says why: not_shared, too_many_reactors, or the system's own code; else it means
    /// nothing. Throws std::bad_alloc, and nothing has begun.
    [[nodiscard]] CROSSWAKE_EXPORT start_result start(pending& p, operation& op, std::error_code& error);

    /// true: it was waiting, has taken nothing, and completed(cancelled) has been called. false: it is over already.
    /// If it was the first in its line, those behind it, which may want less, are tried, and told if they are over.
    CROSSWAKE_EXPORT bool cancel(pending& p) noexcept;
    /// The same where the wait may be over and its memory gone: the pointer is compared with all that waits here, which
    /// costs a look at each of them.
    CROSSWAKE_EXPORT bool cancel_if_waiting(const pending* p) noexcept;

    /// Silences the bell, tries what may go on, ends what is over its deadline, and calls completed() for all that.
    /// Call it when a handle is readable and when next_deadline() has come; calling it at other times is harmless.
    CROSSWAKE_EXPORT void dispatch();
    /// The same for a loop that was woken by the first handle alone and need not be woken by the same ring again: it
    /// has consumed the signal (read from the pipe), or is edge-triggered and each
    /// ring is an edge. Saves a system call or two.
    CROSSWAKE_EXPORT void dispatch_silenced();
    /// Whether each ring is an edge to an edge-triggered loop (EPOLLET), even while the first handle is still readable.
    [[nodiscard]] CROSSWAKE_EXPORT bool rings_are_edges() const noexcept;

    /// When dispatch() is to be called at the latest: the next deadline, or the next look after the dead. `never` while
    /// nothing waits.
    [[nodiscard]] CROSSWAKE_EXPORT deadline next_deadline() const noexcept;
    [[nodiscard]] CROSSWAKE_EXPORT std::size_t waiting() const noexcept;

    /// In a forked child, before anything else is done with it: gives up the inherited bell, makes one of its own
    /// (handles() change) and enters the pending waits anew, beside the parent's. Throws like the constructor, and
    /// may be called again then.
    CROSSWAKE_EXPORT void reopen_after_fork();

private:
    std::unique_ptr<detail::reactor_state> state_;
};

/// How sleepers in other processes are reached.
///
/// Of the reactors that wait for one thing and are reached directly, one is woken for each that comes, and the turn
/// goes round: while each takes what it was woken for and waits again before the next one comes, all have the same
/// share. Through the segment all are woken each time, and the quickest has it: shares are not even, and nothing bounds
/// them.
enum class bell_mechanism : unsigned char {
    direct,  // the bell itself: a pipe opened through /proc; a named event on Windows
    segment, // through the segment: inotify on its file
};

/// How this process's last ring to another one went; before the first, what it will try. Awaiting processes are rung
/// directly where they can be reached, else through the segment. The variable CROSSWAKE_BELL, read once, forces one of
/// the two, for tests and measurements: `pipe` (on Windows `event`) or `inotify`. With `pipe` forced, who cannot be
/// reached is not woken, and finds out at the next re-check.
[[nodiscard]] CROSSWAKE_EXPORT bell_mechanism bell_mechanism_in_use() noexcept;
[[nodiscard]] CROSSWAKE_EXPORT const char* to_string(bell_mechanism m) noexcept;

/// How often a sleeper looks up although nobody rang, for the sake of those who die between changing something and
/// ringing: 990 ms, or what CROSSWAKE_RECHECK_MS says. Who waits for something that a process holds looks after that
/// process twenty times as often, until it hears of deaths. Wake-ups between living processes depend on neither.
[[nodiscard]] CROSSWAKE_EXPORT std::chrono::nanoseconds recheck_interval() noexcept;
CROSSWAKE_EXPORT void set_recheck_interval(std::chrono::nanoseconds interval) noexcept;

} // namespace crosswake
