// A mutex that processes share, and that outlives its owner's death.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <cassert>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace crosswake {

/// How a lock was got.
enum class lock_status : unsigned char {
    acquired,
    acquired_from_dead_owner, // an earlier owner died inside, and nobody has called mark_sound() since
};

/// What a try to lock came to: how it was got, or nullopt. In a condition it is true if it was got, and it turns into
/// bool by itself, which std::lock, std::scoped_lock and std::unique_lock rely on.
class lock_attempt : public std::optional<lock_status> {
public:
    using std::optional<lock_status>::optional;
    constexpr operator bool() const noexcept { return has_value(); }
};

class unique_lock;

/// Exclusive, owned by a *process*: any thread of it may unlock, another process may not, and a forked child owns
/// none of its parent's locks. Locking again in the owning process waits like anybody's lock().
///
/// When the owner dies inside, the next lock() succeeds and says acquired_from_dead_owner, and so does everyone's until
/// a holder has put the data right and calls mark_sound(). Who waits hears of the death where the system tells of it,
/// and elsewhere looks, each 50 ms unless the re-check interval is set; a thread looks once, and for the rest of its
/// wait takes a bell, a few descriptors, to hear by. (On Windows an owner that got the lock only while others waited
/// may be one that none of them listens for, and then they find out at the next re-check, within a second.) Only proof
/// of death from the operating system frees a lock; a stopped owner is alive and keeps it. Closing the object's last
/// handle in the owning process without unlocking gives the lock up too; who waits hears of that, or finds out at the
/// next re-check.
///
/// Not fair: an unlocked mutex goes to whoever comes first. Thread-safe in all functions; unlock() synchronises with
/// the next lock. Satisfies std's TimedLockable, except that lock() returns a status.
class mutex {
public:
    mutex() noexcept = default;

    /// Waits for the lock.
    lock_status lock() { return *lock_until(deadline::never()); }
    /// nullopt: somebody has it. Never waits.
    [[nodiscard]] lock_attempt try_lock() noexcept {
        owner_ now = nobody_sound;
        if (state_.compare_exchange_strong(now, detail::this_process()))
            return lock_status::acquired;
        return try_lock_contended(now);
    }
    /// nullopt: the time is over and nothing was taken. Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] lock_attempt try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
        if (auto got = try_lock())
            return got;
        return lock_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] lock_attempt try_lock_until(const std::chrono::time_point<Clock, Duration>& moment) {
        if (auto got = try_lock())
            return got;
        return lock_until(deadline::at(moment));
    }

    /// Throws errc::operation_not_permitted, and changes nothing, if this process does not own it.
    void unlock() {
        if (!give_back())
            detail::raise_about(this, errc::operation_not_permitted, "mutex::unlock");
    }

    /// The holder says that the data are in order again after an owner's death. Throws errc::operation_not_permitted
    /// if this process does not own it.
    void mark_sound() {
        const owner_ me = detail::this_process();
        if ((state_.load() & ~detail::owner_flags) != me)
            detail::raise_about(this, errc::operation_not_permitted, "mutex::mark_sound");
        state_.store(me);
    }
    /// false: an owner died inside and mark_sound() has not been called since.
    [[nodiscard]] bool is_sound() const noexcept { return (state_.load() & unsound) == 0; }

    class lock_operation final : public operation {
    public:
        explicit lock_operation(mutex& m) noexcept : operation(m.sleepers_), mutex_(&m) {}
        attempt try_once() noexcept override {
            const auto got = mutex_->try_lock();
            if (!got)
                return attempt::wait_for_owner;
            status = *got;
            return attempt::done;
        }
        [[nodiscard]] bool ready() const noexcept override {
            return (mutex_->state_.load() & ~detail::owner_flags) == detail::nobody;
        }

        [[nodiscard]] detail::owner_token held_by() const noexcept override {
            return mutex_->state_.load() & ~detail::owner_flags;
        }
        /// The lock that try_once() took; call it once.
        [[nodiscard]] inline unique_lock guard() noexcept;

        lock_status status = lock_status::acquired;

    private:
        mutex* mutex_;
    };

    static detail::shape describe() noexcept { return {.kind = "mutex"}; }

private:
    using owner_ = detail::owner_token;
    // nobody -> owner -> nobody; owner -> (dies) -> next owner | unsound; owner | unsound -> nobody | unsound, or with
    // mark_sound() -> owner.
    static constexpr owner_ nobody_sound = detail::nobody;
    static constexpr owner_ unsound = 1;

    friend class unique_lock;

    /// false, and nothing changed: this process does not own it.
    bool give_back() noexcept {
        const owner_ me = detail::this_process();
        owner_ expected = me;
        if (!state_.compare_exchange_strong(expected, nobody_sound)) {
            if ((expected & ~detail::owner_flags) != me)
                return false;
            // Nobody but the owner changes an owned mutex, so this cannot fail.
            state_.compare_exchange_strong(expected, expected & unsound);
        }
        detail::wake_one(sleepers_);
        return true;
    }

    CROSSWAKE_EXPORT lock_attempt try_lock_contended(owner_ now) noexcept;

    lock_attempt lock_until(deadline until) {
        lock_operation op{*this};
        if (!wait(op, until))
            return std::nullopt;
        return op.status;
    }

    detail::atomic<owner_> state_{nobody_sound};
    detail::wait_word sleepers_;
};
static_assert(sizeof(mutex) == 32);

/// Holds a mutex and unlocks it when it goes; like std::unique_lock<mutex>, and tells how the lock was got. What
/// async_lock delivers.
///
/// Movable; may be released in another thread of the process than the one that locked. In a forked child, which owns
/// none of its parent's locks, an inherited guard does nothing when it goes. It has to go before the handle of the
/// object that the mutex lies in. Not itself thread-safe.
class unique_lock {
public:
    using mutex_type = crosswake::mutex;

    unique_lock() noexcept = default;
    /// Locks, waiting for it.
    explicit unique_lock(mutex_type& m) : mutex_(&m), status_(m.lock()) {}
    unique_lock(mutex_type& m, std::try_to_lock_t) noexcept : unique_lock(m, m.try_lock()) {}
    /// Takes over a lock that this process already holds.
    unique_lock(mutex_type& m, std::adopt_lock_t, lock_status status = lock_status::acquired) noexcept
        : mutex_(&m), status_(status) {}
    template <class Rep, class Period>
    unique_lock(mutex_type& m, const std::chrono::duration<Rep, Period>& timeout)
        : unique_lock(m, m.try_lock_for(timeout)) {}
    template <class Clock, class Duration>
    unique_lock(mutex_type& m, const std::chrono::time_point<Clock, Duration>& moment)
        : unique_lock(m, m.try_lock_until(moment)) {}

    unique_lock(unique_lock&& other) noexcept
        : mutex_(std::exchange(other.mutex_, nullptr)), status_(std::exchange(other.status_, std::nullopt)) {}
    unique_lock& operator=(unique_lock&& other) noexcept {
        unique_lock(std::move(other)).swap(*this);
        return *this;
    }
    ~unique_lock() {
        if (status_)
            mutex_->give_back();
    }

    void swap(unique_lock& other) noexcept {
        std::swap(mutex_, other.mutex_);
        std::swap(status_, other.status_);
    }

    /// Unlocks now. It must own.
    void unlock() {
        assert(status_ && "crosswake::unique_lock::unlock: owns nothing");
        mutex_->unlock();
        status_.reset();
    }
    /// Lets go of the mutex without unlocking it.
    mutex_type* release() noexcept {
        status_.reset();
        return std::exchange(mutex_, nullptr);
    }

    [[nodiscard]] bool owns_lock() const noexcept { return status_.has_value(); }
    explicit operator bool() const noexcept { return owns_lock(); }
    /// How it was got; it must own.
    [[nodiscard]] lock_status status() const noexcept {
        assert(status_ && "crosswake::unique_lock::status: owns nothing");
        return *status_;
    }
    [[nodiscard]] mutex_type* mutex() const noexcept { return mutex_; }

private:
    unique_lock(mutex_type& m, std::optional<lock_status> got) noexcept : mutex_(&m), status_(got) {}

    mutex_type* mutex_ = nullptr;
    std::optional<lock_status> status_;
};

inline unique_lock mutex::lock_operation::guard() noexcept {
    return {*mutex_, std::adopt_lock, status};
}

} // namespace crosswake
