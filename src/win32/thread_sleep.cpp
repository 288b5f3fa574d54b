// Blocked threads, each in a seat of the region with an event of its own.
#include <backend/thread_sleep.hpp>

#include <backend/clock.hpp>
#include <backend/process.hpp>
#include <win32/object_name.hpp>
#include <win32/region_section.hpp>
#include <win32/security.hpp>
#include <win32/timeout.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace crosswake::backend {

using namespace win32;

namespace {

using phase = thread_seat::phase;

/// What wakes a thread, an event with a name. Kept for the next thread that sleeps, whichever that is; as many are made
/// as threads have ever slept at once. (A thread's own would have to go with the thread, and what gcc for Windows does
/// when a thread ends destroys objects of it whose memory is no longer theirs.)
class alarm {
public:
    /// Of those for the same permissions: whoever may use the region may wake its sleepers.
    static alarm* take(permissions who) noexcept {
        auto& kept = idle[static_cast<std::size_t>(who)];
        const lock_guard guard;
        if (kept == nullptr)
            return made(who);
        return std::exchange(kept, kept->next_);
    }
    static void give_back(alarm* a) noexcept {
        auto& kept = idle[static_cast<std::size_t>(a->who_)];
        const lock_guard guard;
        a->next_ = std::exchange(kept, a);
    }

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] const handle& event() const noexcept { return event_; }

private:
    struct lock_guard {
        lock_guard() noexcept { ::AcquireSRWLockExclusive(&idle_lock); }
        lock_guard(const lock_guard&) = delete;
        lock_guard& operator=(const lock_guard&) = delete;
        ~lock_guard() { ::ReleaseSRWLockExclusive(&idle_lock); }
    };

    explicit alarm(permissions who) noexcept : who_(who), id_(random_number()) {
        security secured(who);
        handle made(::CreateEventW(secured.attributes(), FALSE, FALSE,
                                   object_name::of_sleeper(detail::this_process(), id_).get()));
        if (::GetLastError() != ERROR_ALREADY_EXISTS)
            event_ = std::move(made);
    }

    static alarm* made(permissions who) noexcept {
        std::unique_ptr<alarm> a(new (std::nothrow) alarm(who));
        return a != nullptr && a->event_ ? a.release() : nullptr;
    }

    constinit static SRWLOCK idle_lock;
    constinit static alarm* idle[3]; // by permissions

    permissions who_;
    std::uint64_t id_;
    handle event_;
    alarm* next_ = nullptr;
};
constinit SRWLOCK alarm::idle_lock = SRWLOCK_INIT;
constinit alarm* alarm::idle[3]{};

std::uint64_t offset_in(const region& where, const detail::atomic<std::uint32_t>& word) noexcept {
    return static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&word) - where.bytes());
}

std::size_t seats_used(const region_section& r) noexcept {
    return std::min<std::size_t>(r.header().seats_used.load(), thread_seats);
}

bool try_own(thread_seat& seat, detail::owner_token from) noexcept {
    return seat.owner.compare_exchange_strong(from, detail::this_process());
}

/// An empty seat first, then one that nobody has had, then one of a dead process, which costs system calls to find out.
thread_seat* take_seat(region_section& r) noexcept {
    auto* const seats = r.seats();
    const auto used = seats_used(r);
    for (auto* s = seats; s != seats + used; ++s)
        if (s->owner.load() == detail::nobody && try_own(*s, detail::nobody))
            return s;
    for (auto n = used; n < thread_seats; ++n)
        if (try_own(seats[n], detail::nobody)) {
            auto now = r.header().seats_used.load();
            while (now <= n && !r.header().seats_used.compare_exchange_weak(now, static_cast<std::uint32_t>(n + 1))) {
            }
            return &seats[n];
        }
    for (auto* s = seats; s != seats + thread_seats; ++s) {
        const auto owner = s->owner.load();
        if (owner != detail::nobody && probe(owner, r) == life::dead && try_own(*s, owner))
            return s;
    }
    return nullptr;
}

/// A thread in a seat, as long as this lives.
class seated {
public:
    seated(region_section& r, const detail::atomic<std::uint32_t>& word) noexcept
        : alarm_(alarm::take(r.who())), seat_(alarm_ == nullptr ? nullptr : take_seat(r)) {
        if (seat_ == nullptr)
            return;
        seat_->state.store(0); // what a dead owner may have left
        seat_->word.store(offset_in(r, word));
        seat_->event.store(alarm_->id());
        seat_->state.store(thread_seat::with(r.header().next_ticket.fetch_add(1) << 2, phase::waiting));
    }
    seated(const seated&) = delete;
    seated& operator=(const seated&) = delete;
    ~seated() {
        if (seat_ != nullptr) {
            seat_->state.store(0);
            auto me = detail::this_process();
            seat_->owner.compare_exchange_strong(me, detail::nobody);
        }
        if (alarm_ != nullptr)
            alarm::give_back(alarm_);
    }

    explicit operator bool() const noexcept { return seat_ != nullptr; }
    [[nodiscard]] bool is_woken() const noexcept {
        return thread_seat::phase_of(seat_->state.load()) != phase::waiting;
    }
    [[nodiscard]] const handle& event() const noexcept { return alarm_->event(); }

private:
    alarm* alarm_;
    thread_seat* seat_;
};

/// All seats are taken: looks at the word as often as the system's clock ticks.
void sleep_without_seat(const detail::atomic<std::uint32_t>& word, std::uint32_t seen, deadline until) noexcept {
    while (word.load() == seen && deadline::at_ns(steady_ns()) < until)
        ::Sleep(1);
}

enum class rung : unsigned char { yes, nobody_there, not_now };

/// Sets the event of whoever sat in the seat with that state.
rung ring(thread_seat& seat, detail::owner_token owner, std::uint64_t event_id, std::uint64_t ringing) noexcept {
    const handle event(::OpenEventW(EVENT_MODIFY_STATE, FALSE, object_name::of_sleeper(owner, event_id).get()));
    if (!event)
        return ::GetLastError() == ERROR_FILE_NOT_FOUND ? rung::nobody_there : rung::not_now;
    ::SetEvent(event.get());
    seat.state.compare_exchange_strong(ringing, thread_seat::with(ringing, phase::rung));
    return rung::yes;
}

/// Its sleeper is gone. The state goes first: an owner that comes now must not find another's.
void clear_up(thread_seat& seat, detail::owner_token owner, std::uint64_t state, const region& where) noexcept {
    if (probe(owner, where) == life::dead && seat.state.compare_exchange_strong(state, 0))
        seat.owner.compare_exchange_strong(owner, detail::nobody);
}

/// One sleeper as a waker finds it.
struct found {
    thread_seat* seat = nullptr;
    detail::owner_token owner = detail::nobody;
    std::uint64_t state = 0;
    std::uint64_t event = 0;
};

/// true: it is woken; out of memory, it is whoever wakes next that does it.
bool ring_or_clear_up(const found& f, std::uint64_t ringing, const region& where) noexcept {
    if (ring(*f.seat, f.owner, f.event, ringing) != rung::nobody_there)
        return true;
    clear_up(*f.seat, f.owner, ringing, where);
    return false;
}

/// Of those who took their tickets before, the one that has waited longest on the word. What another waker began to
/// wake, and may be stopped over, is woken on the way.
found oldest_sleeper(region_section& r, std::uint64_t word, std::uint64_t before) noexcept {
    found oldest;
    const auto used = seats_used(r);
    for (auto* s = r.seats(); s != r.seats() + used; ++s) {
        const found f{s, s->owner.load(), s->state.load(), s->event.load()};
        if (f.state == 0 || f.state >= before || s->word.load() != word)
            continue;
        const auto p = thread_seat::phase_of(f.state);
        if (p == phase::ringing)
            ring_or_clear_up(f, f.state, r);
        if (p == phase::waiting && (oldest.seat == nullptr || f.state < oldest.state))
            oldest = f;
    }
    return oldest;
}

/// true: it was asleep, and is woken.
bool wake(const region& where, const found& f) noexcept {
    auto state = f.state;
    const auto ringing = thread_seat::with(state, phase::ringing);
    return f.seat->state.compare_exchange_strong(state, ringing) && ring_or_clear_up(f, ringing, where);
}

} // namespace

void sleep_while(region& where, const detail::atomic<std::uint32_t>& word, std::uint32_t seen,
                 deadline until) noexcept {
    auto now = steady_ns();
    if (word.load() != seen || until <= deadline::at_ns(now))
        return;
    const seated me(static_cast<region_section&>(where), word);
    if (!me)
        return sleep_without_seat(word, seen, until);
    // Looked at after the seat is taken, as a waker looks at the seats after it has changed the word.
    if (word.load() != seen)
        return;
    // The event may have been set for an earlier sleep, by a waker that was late: only the seat counts.
    while (!me.is_woken() && deadline::at_ns(now) < until) {
        ::WaitForSingleObject(me.event().get(), milliseconds_until(until, now));
        now = steady_ns();
    }
}

void spin_pause() noexcept {
    YieldProcessor();
}

unsigned wake_threads(region& where, const detail::atomic<std::uint32_t>& word, wake_count how_many) noexcept {
    auto& r = static_cast<region_section&>(where);
    const auto place = offset_in(where, word);
    // Who takes a ticket from now on looks at the word afterwards, and sees that it has changed, or knew it already.
    const auto before = r.header().next_ticket.load() << 2;
    unsigned woken = 0;
    // No more are asleep than there are seats, whoever keeps writing others into them.
    for (std::size_t n = 0; n < thread_seats; ++n) {
        const auto f = oldest_sleeper(r, place, before);
        if (f.seat == nullptr)
            break;
        woken += wake(where, f) ? 1u : 0u;
        if (woken != 0 && how_many == wake_count::one)
            break;
    }
    return woken;
}

} // namespace crosswake::backend
