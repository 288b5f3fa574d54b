// What a reactor holds: its bell, its seats, and who waits for which word.
#pragma once

#include <backend/bell.hpp>
#include <core/armed_words.hpp>
#include <core/deadline_heap.hpp>
#include <core/finished_waits.hpp>
#include <core/mailbox.hpp>
#include <core/segment.hpp>
#include <crosswake/reactor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace crosswake::detail {

class reactor_state {
public:
    /// A blocked thread is not there in a forked child, nor is the wait on its stack: its reactor is forgotten there.
    enum class serves : bool { an_event_loop, a_blocked_thread };

    explicit reactor_state(serves whom = serves::an_event_loop);
    ~reactor_state();
    reactor_state(const reactor_state&) = delete;
    reactor_state& operator=(const reactor_state&) = delete;

    start_result start(pending& p, operation& op, std::error_code& error);
    bool cancel(pending& p) noexcept;
    bool cancel_if_waiting(const pending* p) noexcept;
    void dispatch(bool first_handle_is_silenced);
    [[nodiscard]] bool rings_are_edges() const noexcept { return bell_->rings_are_edges(); }
    /// What waits in the segment is aborted if this was its object's last handle; the next dispatch() says so to it.
    /// Not this thread: whoever waits may be going away in its own one.
    void handle_closed(segment& s, bool was_last) noexcept;
    void reopen_after_fork();

    [[nodiscard]] serves whom() const noexcept { return whom_; }
    /// For a blocked thread: returns when dispatch() is worth calling, or earlier. false: the system lets nobody wait
    /// like this.
    [[nodiscard]] bool sleep() noexcept { return bell_->await_ring(next_deadline()); }
    [[nodiscard]] std::span<const native_handle> handles() const noexcept { return bell_->handles(); }
    [[nodiscard]] deadline next_deadline() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept;

    void lock_for_fork() noexcept { lock_.lock(); }
    void unlock_in_parent() noexcept { lock_.unlock(); }
    void unlock_in_child() noexcept;

private:
    void make_bell();
    membership* join(const std::shared_ptr<segment>& s, std::error_code& error);
    /// A seat there, in which the bell is heard.
    std::optional<std::size_t> sit_down(segment& s, std::error_code& error) noexcept;
    void leave(membership& m) noexcept;
    /// Those whose handle has gone and in which nothing waits any more.
    void leave_the_closed() noexcept;
    void abort_waits(const membership& m) noexcept;

    armed_word& arm(wait_word& word, membership& m);
    void disarm(armed_word& w, const operation& last) noexcept;

    void enlist(pending& p, operation& op, armed_word& w);
    /// Takes it out of every list; disarms the word if it was the last there.
    void delist(pending& p) noexcept;
    void leave_line(pending& p, finished_waits& over) noexcept;

    template <class Find>
    bool cancel_found(Find&& find) noexcept;
    [[nodiscard]] pending* among_the_waiting(const pending* p) const noexcept;
    void note_why(armed_word& w, attempt why, owner_token owner) noexcept;
    void serve(armed_word& w, finished_waits& over) noexcept;
    template <class Which>
    void serve_every(Which&& which, finished_waits& over) noexcept;
    void look_everywhere(backend::bell::heard why, finished_waits& over) noexcept;
    void expire(std::int64_t now, finished_waits& over) noexcept;
    [[nodiscard]] bool looks_at_owners() const noexcept { return words_that_look_ != 0 || looks_once_more_; }
    void look_for_the_dead(std::int64_t now, finished_waits& over) noexcept;

    /// After any change: leaves what can be left, and finds when dispatch() is to be called at the latest.
    void settle() noexcept;

    const serves whom_;
    mutable std::mutex lock_;
    std::unique_ptr<backend::bell> bell_;
    std::shared_ptr<backend::peer_bell> ringer_; // of this bell itself
    core::mailbox mailbox_{nullptr};
    bool inherited_ = false; // by fork: the seats and the bits that this reactor knows of are its parent's
    std::map<segment*, membership> memberships_;
    armed_words armed_;
    deadline_heap deadlines_;
    finished_waits aborted_;              // which the next dispatch() announces
    std::size_t aborted_count_ = 0;       // they still count as waiting
    std::atomic<std::size_t> waiting_{0}; // changed under the lock
    bool some_may_be_left_ = false;       // memberships
    unsigned unsilenced_ = 0;             // how often the loop dispatched by the edge alone
    unsigned rings_before_silence_ = 1;   // and how often it may
    std::size_t words_that_look_ = 0;     // armed words that look at an owner
    bool looks_once_more_ = false;        // at every word: somebody was leaving when it looked last
    std::int64_t next_recheck_ns_ = 0;
    std::int64_t next_owner_check_ns_ = 0;
    std::atomic<std::int64_t> next_moment_ns_{deadline::never().steady_ns()}; // changed under the lock
};

} // namespace crosswake::detail
