// This library, as its users would write it. Each process opens the object by name.
#include <peers/roles.hpp>
#include <support/fresh_name.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bench::peer_crosswake {
namespace {

namespace cw = crosswake;
namespace asio = boost::asio;

/// A named object that the sampler keeps, and that each process opens for itself.
template <class T>
class object {
public:
    template <class... Args>
    explicit object(Args... args) : first_(cw::create_only, fresh_name(), args...) {}
    void enter() { own_.emplace(cw::open_only, first_.name()); }
    void leave() { own_.reset(); }
    T& operator*() const { return **own_; }
    T* operator->() const { return own_->get(); }

private:
    cw::named<T> first_;
    std::optional<cw::named<T>> own_;
};

class door {
public:
    void enter() { mutex_.enter(); }
    void lock() {
        if (mutex_->lock() == cw::lock_status::acquired_from_dead_owner)
            mutex_->mark_sound();
    }
    void unlock() { mutex_->unlock(); }

private:
    object<cw::mutex> mutex_;
};

class permits {
public:
    void enter(side /*s*/, std::size_t /*index*/) { semaphore_.enter(); }
    void post() { semaphore_->release(); }
    void wait() { semaphore_->acquire(); }

private:
    object<cw::semaphore> semaphore_;
};

class notice {
public:
    void enter(side /*s*/, std::size_t /*index*/) { event_.enter(); }
    void post() { event_->set(); }
    void wait() { event_->wait(); }

private:
    object<cw::event> event_;
};

/// Items that are large are pushed from and popped into their place, as one does who minds copying.
template <std::size_t Size>
class fifo {
    using item = message<Size>;
    static constexpr bool is_large = Size > 4096;

public:
    explicit fifo(const traffic& t) : queue_(t.slots) {}
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const item& m) {
        if constexpr (is_large)
            queue_->push_range({&m, 1});
        else
            queue_->push(m);
    }
    void receive(item& m) {
        if constexpr (is_large)
            queue_->pop_some({&m, 1});
        else
            m = queue_->pop();
    }
    void send_all(std::span<const item> items) { queue_->push_range(items); }
    std::size_t receive_some(std::span<item> items) { return queue_->pop_some(items); }

private:
    object<cw::queue<item>> queue_;
};

/// The queue for messages of any size, each copied in and out like all others here: its place in the ring is lent, but
/// the program's data are elsewhere.
template <std::size_t Size>
class bytes {
    using item = message<Size>;

public:
    explicit bytes(const traffic& t) : queue_(t.slots * std::max<std::size_t>(Size, 64), t.slots) {}
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const item& m) { queue_->push(std::as_bytes(std::span(&m, 1))); }
    void receive(item& m) { queue_->pop(std::as_writable_bytes(std::span(&m, 1))); }

private:
    object<cw::message_queue> queue_;
};

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

/// As many semaphores in one object as are asked for.
class many_permits {
    static constexpr std::size_t most = 10'000;
    struct board {
        std::array<cw::semaphore, most> semaphores;
    };

public:
    explicit many_permits(std::size_t n) : cancel_(n) {
        if (n > most)
            throw cannot("so many");
    }
    void enter(asio::io_context& io) {
        io_ = &io;
        board_.enter();
    }
    void enter_waker() { board_.enter(); }
    void leave() { board_.leave(); }
    void post(std::size_t i) { board_->semaphores[i].release(); }
    template <class Done>
    void wait(std::size_t i, const Done& done) {
        auto handler = [&done](const boost::system::error_code&) { done(); };
        cw::async_acquire(io_->get_executor(), board_->semaphores[i],
                          asio::bind_cancellation_slot(cancel_[i].slot(), handler));
    }
    void cancel_all() {
        for (auto& c : cancel_)
            c.emit(asio::cancellation_type::total);
    }

private:
    object<board> board_;
    std::vector<asio::cancellation_signal> cancel_;
    asio::io_context* io_ = nullptr;
};

const bool known = [] {
    add_lock<door>("crosswake");
    add_counting_signal<permits>("crosswake semaphore");
    add_counting_signal<notice>("crosswake event");
    add_shared_channel<fifo>("crosswake");
    add_shared_channel<bytes>("crosswake message_queue");
    add_awaited<awaited_permits>("crosswake semaphore");
    add_idle_awaited<awaited_notice>("crosswake event");
    add_idle_awaited<awaited_item>("crosswake queue");
    add_idle_awaited<awaited_lock>("crosswake mutex");
    add_crowd<many_permits>("crosswake");
    return true;
}();

} // namespace
} // namespace bench::peer_crosswake
