// What a primitive offers to whoever waits for it: an operation that can be tried.
//
// A primitive owns no wait loop. It says how to try once, how to look without taking, and on which word its sleepers
// wait; wait() blocks a thread on that and reactor::start() suspends on it, and these are the only two loops there are.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/wait_word.hpp>

#include <chrono>
#include <concepts>

namespace crosswake {

/// What one try came to.
enum class attempt : unsigned char {
    done,           // it is over, one way or the other; the operation holds what it came to
    wait,           // not now: wait for a wake-up on the word
    wait_for_owner, // not now: a process holds it; besides waiting, look now and then whether that process lives
    wait_or_death,  // not now: wait for a wake-up on the word; the death of a process, if it is heard of, is one too
};

/// One operation, in the memory of the process that wants it.
///
/// try_once() either takes everything or nothing, and does not block. After it said `done` it is not called again.
/// ready() looks whether somebody's try would succeed now; it may err on the side of true.
/// Not thread-safe: the loop that has it calls one function at a time.
class operation {
public:
    virtual attempt try_once() noexcept = 0;
    [[nodiscard]] virtual bool ready() const noexcept = 0;
    /// Which process the last `wait_for_owner` or `wait_or_death` was about.
    [[nodiscard]] virtual detail::owner_token held_by() const noexcept { return detail::nobody; }
    [[nodiscard]] detail::wait_word& word() const noexcept { return *word_; }

protected:
    explicit operation(detail::wait_word& word) noexcept : word_(&word) {}
    operation(const operation&) = default;
    operation& operator=(const operation&) = default;
    ~operation() = default;

private:
    detail::wait_word* word_;
};

namespace detail {
CROSSWAKE_EXPORT bool wait_after_a_try(operation& op, deadline until);
}

/// Tries, and blocks the thread until a try says `done` (true) or the deadline passes (false; nothing was taken). Tries
/// at least once, however late it is, and never gives up early.
///
/// Throws std::system_error{errc::not_shared} if it would have to wait on a word that is in no segment.
/// Costs no system call unless it has to sleep. Safe in any number of threads.
template <std::derived_from<operation> Operation>
[[nodiscard]] bool wait(Operation& op, deadline until = deadline::never()) {
    // Here, where the compiler knows the operation: what does not have to wait costs no call.
    return op.try_once() == attempt::done || detail::wait_after_a_try(op, until);
}

/// How long a thread at most looks on before it sleeps, in a wait that may be answered at any moment: 20 microseconds
/// unless set, 0 on a machine with one processor; 0: it sleeps at once. Within that limit each thread goes by what
/// looking has brought it before: a thread whose waits take long, or are for somebody who needs the same processor,
/// looks in one wait of 64, for no longer than its shortest sleep took. Holds for this process; an awaited wait never
/// looks on.
[[nodiscard]] CROSSWAKE_EXPORT std::chrono::nanoseconds spin_limit() noexcept;
CROSSWAKE_EXPORT void set_spin_limit(std::chrono::nanoseconds limit) noexcept;

} // namespace crosswake
