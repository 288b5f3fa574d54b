// The reactor of an execution context: one for each io_context or thread_pool, made at the first wait.
//
// It watches the bell, and sets a timer, while something waits and only then: an asynchronous wait is work to the
// context, and run() has to return when nothing of ours is pending. No thread is started, and nothing polls.
#pragma once

#include <crosswake/asio/watch.hpp>
#include <crosswake/error.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace crosswake::detail {

/// A wait whose outcome goes to an Asio handler.
class asio_wait : public pending {
public:
    /// How its handler is reached. inline_if_possible: as asio::dispatch does; the caller has no lock and lets what the
    /// handler throws pass.
    enum class manner : bool { post, inline_if_possible };

    virtual void deliver(manner how) = 0;
    /// Without calling the handler: the context is going away.
    virtual void destroy() noexcept = 0;

protected:
    using pending::pending;
    ~asio_wait() = default;

private:
    friend class reactor_service;

    asio_wait* next_over_ = nullptr;
};

/// The executor under a strand: our own handlers must not queue behind the user's.
template <class Executor>
boost::asio::any_io_executor without_strand(const Executor& ex) {
    return ex;
}
template <class Executor>
boost::asio::any_io_executor without_strand(const boost::asio::strand<Executor>& ex) {
    return without_strand(ex.get_inner_executor());
}
inline boost::asio::any_io_executor without_strand(const boost::asio::any_io_executor& ex) {
    namespace asio = boost::asio;
    if (const auto* s = ex.target<asio::strand<asio::io_context::executor_type>>())
        return s->get_inner_executor();
    if (const auto* s = ex.target<asio::strand<asio::thread_pool::executor_type>>())
        return s->get_inner_executor();
    if (const auto* s = ex.target<asio::strand<asio::any_io_executor>>())
        return without_strand(s->get_inner_executor());
    return ex;
}

class reactor_service final : public boost::asio::execution_context::service, private handle_watch::listener {
public:
    using key_type = reactor_service;
    inline static boost::asio::execution_context::id id;

    explicit reactor_service(boost::asio::execution_context& context) : service(context) {}

    /// The one of the executor's context.
    template <class Executor>
    static reactor_service& of(const Executor& ex) {
        auto& context = boost::asio::query(ex, boost::asio::execution::context_as<boost::asio::execution_context&>);
        // Asio's own services come first: after a fork they are made new before this one registers with them.
        if (!boost::asio::has_service<reactor_service>(context))
            const boost::asio::steady_timer first{ex};
        return boost::asio::use_service<reactor_service>(context);
    }

    /// Starts the wait on the reactor and sees to it that the bell is heard. Thread-safe.
    template <class Executor>
    start_result start(asio_wait& w, operation& op, const Executor& ex, std::error_code& error) {
        try {
            if (!is_prepared_.load(std::memory_order_acquire))
                prepare(ex);
            const auto result = reactor_->start(w, op, error);
            if (result == start_result::waiting)
                watch_or_cancel(w);
            return result;
        } catch (const std::system_error& e) {
            error = e.code();
        } catch (const std::bad_alloc&) {
            error = std::make_error_code(std::errc::not_enough_memory);
        }
        return start_result::failed;
    }

    [[nodiscard]] bool is_shut_down() const noexcept { return shut_down_.load(); }

    void cancel(asio_wait& w) {
        if (!shut_down_.load() && is_prepared_.load(std::memory_order_acquire))
            reactor_->cancel(w);
    }

    /// Called by a wait that is over, in whatever thread: remembers it for the end of the dispatch that is under way in
    /// this thread, or hands it on at once.
    void over(asio_wait& w) noexcept {
        if (shut_down_.load())
            return w.destroy();
        if (collecting_ != nullptr && collecting_->service == this)
            return collecting_->add(w);
        // It was cancelled, or its object closed.
        w.deliver(asio_wait::manner::post);
        go_on();
    }

private:
    using lock_guard = std::scoped_lock<std::recursive_mutex>;

    /// What one dispatch has ended, in order.
    struct collection {
        reactor_service* service;
        collection* outer;
        asio_wait* first = nullptr;
        asio_wait* last = nullptr;

        void add(asio_wait& w) noexcept {
            w.next_over_ = nullptr;
            (last == nullptr ? first : last->next_over_) = &w;
            last = &w;
        }
    };

    template <class Executor>
    void prepare(const Executor& ex) {
        const lock_guard guard(lock_);
        if (is_prepared_.load())
            return;
        // Untracked: what the service keeps must not count as work.
        executor_ = boost::asio::prefer(without_strand(ex), boost::asio::execution::outstanding_work.untracked);
        timer_.emplace(executor_);
        reactor_ = std::make_unique<reactor>();
        attach();
        is_prepared_.store(true, std::memory_order_release);
    }

    void attach() { watches_ = watch_handles(executor_, *reactor_, *this); }

    /// Makes sure that every handle is watched, and that the timer comes no later than it has to.
    void watch() {
        // Whoever takes a watch away looks again afterwards whether something waits.
        if (is_complete_.load() && timer_at_ns_.load() <= reactor_->next_deadline().steady_ns())
            return;
        const lock_guard guard(lock_);
        if (reactor_->waiting() == 0)
            return; // another thread has ended it meanwhile: a watch for nothing would keep run() from returning
        for (auto& w : watches_)
            if (!w->is_pending)
                w->start();
        if (const auto next = reactor_->next_deadline(); !timer_is_set_ || next.steady_ns() < timer_at_ns_.load())
            set_timer(next);
        is_complete_.store(timer_is_set_);
    }

    /// What waits already belongs to the reactor: without memory to watch for it, it ends as cancelled. By now another
    /// thread may have ended it.
    void watch_or_cancel(asio_wait& w) {
        try {
            watch();
        } catch (...) {
            reactor_->cancel_if_waiting(&w);
        }
    }

    void set_timer(deadline at) {
        if (at.is_never())
            return;
        timer_at_ns_.store(at.steady_ns());
        timer_is_set_ = true;
        timer_->expires_at(std::chrono::steady_clock::time_point(
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::nanoseconds(at.steady_ns()))));
        timer_->async_wait([this, turn = ++timer_turn_](boost::system::error_code) { on_timer(turn); });
    }

    /// Watches on while something waits; else lets the context run out of work.
    void go_on() {
        if (reactor_->waiting() != 0)
            return watch();
        const lock_guard guard(lock_);
        is_complete_.store(false);
        for (auto& w : watches_)
            w->cancel();
        if (std::exchange(timer_is_set_, false))
            timer_->cancel();
    }

    void on_handle(handle_watch& watch, bool rang) override {
        {
            const lock_guard guard(lock_);
            watch.is_pending = false;
            is_complete_.store(false);
        }
        if (shut_down_.load())
            return;
        if (rang)
            dispatch(watch.consumes());
        else
            go_on();
    }

    void on_timer(std::uint64_t turn) {
        {
            const lock_guard guard(lock_);
            if (turn != timer_turn_ || !timer_is_set_ || shut_down_.load())
                return;
            timer_is_set_ = false;
            is_complete_.store(false);
        }
        dispatch(false);
    }

    void dispatch(bool first_handle_is_silenced) {
        struct watch_on {
            reactor_service* service;
            ~watch_on() noexcept(false) { service->go_on(); }
        } const afterwards{this};

        collection ended{this, collecting_};
        collecting_ = &ended;
        first_handle_is_silenced ? reactor_->dispatch_silenced() : reactor_->dispatch();
        collecting_ = ended.outer;
        // One alone may run here and now, which saves a turn of the loop. Of several none may: what the first one
        // throws must not cost the others their turn.
        const auto how = ended.first == ended.last ? asio_wait::manner::inline_if_possible : asio_wait::manner::post;
        // A lone handler may block this thread. Whatever else waits is to be heard of in the context's other threads.
        if (ended.first != nullptr && ended.first == ended.last && reactor_->waiting() != 0)
            go_on();
        for (auto* w = ended.first; w != nullptr;) {
            auto* const next = w->next_over_;
            w->deliver(how);
            w = next;
        }
    }

    void detach() {
        is_complete_.store(false);
        for (auto& w : watches_)
            w->release();
        watches_.clear();
    }

    void shutdown() override {
        shut_down_.store(true);
        const lock_guard guard(lock_);
        detach();
        timer_.reset();
        reactor_.reset(); // ends what waits; over() destroys it. From here on no other thread comes in
    }

    void notify_fork(boost::asio::execution_context::fork_event event) override {
        const lock_guard guard(lock_);
        if (!is_prepared_.load())
            return;
        switch (event) {
        case boost::asio::execution_context::fork_prepare:
            // The context registers its descriptors anew in the child, where the parent's bell is closed already.
            detach();
            break;
        case boost::asio::execution_context::fork_child:
            reactor_->reopen_after_fork();
            [[fallthrough]];
        case boost::asio::execution_context::fork_parent:
            attach();
            go_on();
            break;
        }
    }

    inline static thread_local collection* collecting_ = nullptr;

    // Recursive: destroying the waits at shutdown destroys handlers, which may hold anything, further waits included.
    std::recursive_mutex lock_;
    boost::asio::any_io_executor executor_;
    std::unique_ptr<reactor> reactor_;
    std::vector<std::shared_ptr<handle_watch>> watches_;
    std::optional<boost::asio::steady_timer> timer_;
    std::atomic<std::int64_t> timer_at_ns_{0}; // changed under the lock
    bool timer_is_set_ = false;
    std::uint64_t timer_turn_ = 0;
    std::atomic<bool> is_prepared_{false}; // everything above is there
    std::atomic<bool> is_complete_{false}; // every handle is watched and the timer is set
    std::atomic<bool> shut_down_{false};
};

} // namespace crosswake::detail
