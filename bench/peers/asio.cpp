// Boost.Asio without this library: what one awaits on Linux to hear of another process, and the bridge of threads that
// awaits what can only block.
#include <peers/roles.hpp>
#include <support/descriptor.hpp>
#include <support/shared.hpp>

#include <boost/asio.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace bench::peer_asio {
namespace {

namespace asio = boost::asio;

/// Shared by fork, in a stream_descriptor.
class eventfd_signal {
public:
    void enter(asio::io_context& io) { incoming_.emplace(io, dup(fd_.get())); }
    void leave() { incoming_.reset(); }
    void post() const { write_all(fd_.get(), &one_, sizeof one_); }
    asio::awaitable<void> wait() {
        co_await incoming_->async_read_some(asio::buffer(&value_, sizeof value_), asio::use_awaitable);
    }

private:
    std::uint64_t one_ = 1, value_ = 0;
    descriptor fd_{eventfd(0, EFD_NONBLOCK)};
    std::optional<asio::posix::stream_descriptor> incoming_;
};

class socket_signal {
    using socket = asio::local::stream_protocol::socket;

public:
    socket_signal() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        out_ = descriptor(ends[0]);
        in_ = descriptor(ends[1]);
    }
    void enter(asio::io_context& io) { incoming_.emplace(io, asio::local::stream_protocol(), dup(out_.get())); }
    void leave() { incoming_.reset(); }
    void post() { write_all(in_.get(), &byte_, 1); }
    asio::awaitable<void> wait() { co_await incoming_->async_read_some(asio::buffer(&byte_, 1), asio::use_awaitable); }

private:
    char byte_ = 0;
    descriptor in_, out_;
    std::optional<socket> incoming_;
};

class blocking_semaphore {
public:
    blocking_semaphore() { sem_init(&*semaphore_, 1, 0); }
    void post() { sem_post(&*semaphore_); }
    void wait() {
        while (sem_wait(&*semaphore_) != 0) {
        }
    }

private:
    shared<sem_t> semaphore_;
};

/// A thread of a pool blocks, and posts to the loop when it is through.
class bridge {
public:
    void enter(asio::io_context& io) {
        io_ = &io;
        pool_ = std::make_unique<asio::thread_pool>(1);
    }
    void leave() { pool_.reset(); }
    void post() { semaphore_.post(); }
    asio::awaitable<void> wait() {
        return asio::async_initiate<decltype(asio::use_awaitable), void()>(
            [this](auto handler) {
                asio::post(*pool_, [this, handler = std::move(handler), work = asio::make_work_guard(*io_)]() mutable {
                    semaphore_.wait();
                    asio::post(*io_, std::move(handler));
                });
            },
            asio::use_awaitable);
    }

private:
    blocking_semaphore semaphore_;
    asio::io_context* io_ = nullptr;
    std::unique_ptr<asio::thread_pool> pool_;
};

class eventfd_crowd {
public:
    explicit eventfd_crowd(std::size_t n) : values_(n) {
        for (std::size_t i = 0; i < n; ++i)
            fds_.emplace_back(eventfd(0, EFD_NONBLOCK));
    }
    void enter(asio::io_context& io) {
        for (const auto& fd : fds_)
            incoming_.emplace_back(io, fd.get()); // lent: twice as many descriptors could be too many
    }
    void enter_waker() {}
    void leave() {
        for (auto& d : incoming_)
            d.release();
        incoming_.clear();
    }
    void post(std::size_t i) const { write_all(fds_[i].get(), &one_, sizeof one_); }
    template <class Done>
    void wait(std::size_t i, const Done& done) {
        incoming_[i].async_read_some(asio::buffer(&values_[i], sizeof values_[i]),
                                     [&done](const boost::system::error_code&, std::size_t) { done(); });
    }
    void cancel_all() {
        for (auto& d : incoming_)
            d.cancel();
    }

private:
    std::uint64_t one_ = 1;
    std::vector<std::uint64_t> values_;
    std::vector<descriptor> fds_;
    std::vector<asio::posix::stream_descriptor> incoming_;
};

/// A thread for each wait: fewer would wait for one another.
class bridge_crowd {
    static constexpr std::size_t most_threads = 1000;

public:
    explicit bridge_crowd(std::size_t n) : semaphores_(n) {
        if (n > most_threads)
            throw cannot("it would take that many threads");
    }
    void enter(asio::io_context& io) {
        io_ = &io;
        pool_ = std::make_unique<asio::thread_pool>(semaphores_.size());
    }
    void enter_waker() {}
    void leave() { pool_.reset(); }
    void post(std::size_t i) { semaphores_[i].post(); }
    template <class Done>
    void wait(std::size_t i, const Done& done) {
        asio::post(*pool_, [this, i, &done, work = asio::make_work_guard(*io_)] {
            semaphores_[i].wait();
            asio::post(*io_, [&done] { done(); });
        });
    }

private:
    std::vector<blocking_semaphore> semaphores_;
    asio::io_context* io_ = nullptr;
    std::unique_ptr<asio::thread_pool> pool_;
};

const bool known = [] {
    add_awaited<eventfd_signal>("Asio eventfd");
    add_awaited<socket_signal>("Asio unix socket");
    add_awaited<bridge>("thread-pool bridge");
    add_crowd<eventfd_crowd>("Asio eventfd");
    add_crowd<bridge_crowd>("thread-pool bridge");
    return true;
}();

} // namespace
} // namespace bench::peer_asio
