// This library, awaited on Boost.Asio.
#include <peers/crosswake/object.hpp>
#include <peers/roles.hpp>

#include <crosswake/asio.hpp>

#include <boost/asio.hpp>

#include <array>
#include <deque>
#include <vector>

namespace bench::peer_crosswake {
namespace {

namespace asio = boost::asio;

class awaited_permits {
public:
    void enter(asio::io_context& /*io*/) { semaphore_.enter(); }
    void leave() { semaphore_.leave(); }
    void post() { semaphore_->release(); }
    asio::awaitable<void> wait() { co_await cw::async_acquire(*semaphore_, asio::use_awaitable); }

private:
    object<cw::semaphore> semaphore_;
};

class awaited_notice {
public:
    void enter(asio::io_context& /*io*/) { event_.enter(); }
    asio::awaitable<void> wait() { co_await cw::async_wait(*event_, asio::use_awaitable); }

private:
    object<cw::event> event_;
};

class awaited_item {
public:
    void enter(asio::io_context& /*io*/) { queue_.enter(); }
    asio::awaitable<void> wait() { co_await cw::async_pop(*queue_, asio::use_awaitable); }

private:
    object<cw::queue<int>> queue_{16};
};

class awaited_job {
public:
    void enter(asio::io_context& /*io*/) { queue_.enter(); }
    asio::awaitable<void> wait() { (co_await cw::async_take(*queue_, asio::use_awaitable)).confirm(); }

private:
    object<cw::work_queue<int>> queue_{16};
};

class awaited_message {
public:
    void enter(asio::io_context& /*io*/) { queue_.enter(); }
    asio::awaitable<void> wait() { (void)co_await cw::async_receive(*queue_, asio::use_awaitable); }

private:
    object<cw::message_queue> queue_{4096};
};

/// Held by the sampler: what waits for it watches its owner.
class awaited_lock {
public:
    awaited_lock() {
        mutex_.enter();
        mutex_->lock();
    }
    void enter(asio::io_context& /*io*/) { mutex_.enter(); }
    asio::awaitable<void> wait() { co_await cw::async_lock(*mutex_, asio::use_awaitable); }

private:
    object<cw::mutex> mutex_;
};

/// Semaphores side by side in one named object.
class in_one_object {
    static constexpr std::size_t most = 10'000;
    struct board {
        std::array<cw::semaphore, most> semaphores;
    };

public:
    explicit in_one_object(std::size_t n) {
        if (n > most)
            throw cannot("so many");
    }
    void enter() { board_.enter(); }
    void leave() { board_.leave(); }
    cw::semaphore& operator[](std::size_t i) const { return board_->semaphores[i]; }

private:
    object<board> board_;
};

/// Semaphores with a name each.
class in_many_objects {
    static constexpr std::size_t most = 2'000; // a process may not have mappings without end

public:
    explicit in_many_objects(std::size_t n) {
        if (n > most)
            throw cannot("2,000 names at most: a process may not have mappings without end");
        while (semaphores_.size() < n)
            semaphores_.emplace_back();
    }
    void enter() {
        for (auto& s : semaphores_)
            s.enter();
    }
    void leave() {
        for (auto& s : semaphores_)
            s.leave();
    }
    cw::semaphore& operator[](std::size_t i) const { return *semaphores_[i]; }

private:
    std::deque<object<cw::semaphore>> semaphores_;
};

template <class Semaphores>
class many_permits {
public:
    explicit many_permits(std::size_t n) : semaphores_(n), cancel_(n) {}
    void enter(asio::io_context& io) {
        io_ = &io;
        semaphores_.enter();
    }
    void enter_waker() { semaphores_.enter(); }
    void leave() { semaphores_.leave(); }
    void post(std::size_t i) { semaphores_[i].release(); }
    template <class Done>
    void wait(std::size_t i, const Done& done) {
        auto handler = [&done](const boost::system::error_code&) { done(); };
        cw::async_acquire(io_->get_executor(), semaphores_[i],
                          asio::bind_cancellation_slot(cancel_[i].slot(), handler));
    }
    void cancel_all() {
        for (auto& c : cancel_)
            c.emit(asio::cancellation_type::total);
    }

private:
    Semaphores semaphores_;
    std::vector<asio::cancellation_signal> cancel_;
    asio::io_context* io_ = nullptr;
};

const bool known = [] {
    add_awaited<awaited_permits>("crosswake semaphore");
    add_idle_awaited<awaited_notice>("crosswake event");
    add_idle_awaited<awaited_item>("crosswake queue");
    add_idle_awaited<awaited_job>("crosswake work_queue");
    add_idle_awaited<awaited_message>("crosswake message_queue");
    add_idle_awaited<awaited_lock>("crosswake mutex");
    add_crowd<many_permits<in_one_object>>("crosswake");
    add_crowd<many_permits<in_many_objects>>("crosswake, a name each");
    return true;
}();

} // namespace
} // namespace bench::peer_crosswake
