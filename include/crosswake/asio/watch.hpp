// Watching a reactor's native handle on an Asio context.
#pragma once

#include <crosswake/native_handle.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace crosswake::detail {

/// The handle stays its owner's: it is watched, and released, never closed.
class handle_watch {
public:
    class listener {
    public:
        /// rang: the handle is readable. Else the watch was cancelled. Either way it has ended.
        virtual void on_handle(handle_watch& watch, bool rang) = 0;

    protected:
        ~listener() = default;
    };

    virtual ~handle_watch() = default;
    handle_watch(const handle_watch&) = delete;
    handle_watch& operator=(const handle_watch&) = delete;

    /// Tells the listener once. What is outstanding keeps the watch alive.
    void start() {
        is_pending = true;
        do_start();
    }
    virtual void cancel() = 0;
    /// Lets go of the handle; the listener hears no more.
    virtual void release() = 0;

    bool is_pending = false;
    /// Whether what is to be read is read on the way: that saves the system call which waiting for readability alone
    /// costs each time.
    const bool consumes;

protected:
    explicit handle_watch(bool consume) noexcept : consumes(consume) {}

private:
    virtual void do_start() = 0;
};

// On the executor's own type where it is known: a type-erased one costs several indirect calls each time.
template <class Executor>
class descriptor_watch final : public handle_watch, public std::enable_shared_from_this<descriptor_watch<Executor>> {
public:
    descriptor_watch(const Executor& ex, native_handle handle, bool consume, listener& l)
        : handle_watch(consume), descriptor_(ex, static_cast<int>(handle)), listener_(&l) {}
    ~descriptor_watch() override { release(); }

    void cancel() override {
        boost::system::error_code ignored;
        if (is_pending)
            descriptor_.cancel(ignored);
    }
    void release() override {
        listener_ = nullptr;
        if (descriptor_.is_open())
            descriptor_.release();
    }

private:
    struct ended {
        std::shared_ptr<descriptor_watch> watch;
        void operator()(boost::system::error_code ec, std::size_t = 0) const {
            if (watch->listener_ != nullptr)
                watch->listener_->on_handle(*watch, !ec);
        }
    };

    void do_start() override {
        if (consumes)
            descriptor_.async_read_some(boost::asio::buffer(sink_), ended{this->shared_from_this()});
        else
            descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read, ended{this->shared_from_this()});
    }

    boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
    listener* listener_;
    std::array<char, 64> sink_{};
};

inline std::shared_ptr<handle_watch> make_watch(const boost::asio::any_io_executor& ex, native_handle handle,
                                                bool consume, handle_watch::listener& l) {
    namespace asio = boost::asio;
    if (const auto* known = ex.target<asio::io_context::executor_type>())
        return std::make_shared<descriptor_watch<asio::io_context::executor_type>>(*known, handle, consume, l);
    if (const auto* known = ex.target<asio::thread_pool::executor_type>())
        return std::make_shared<descriptor_watch<asio::thread_pool::executor_type>>(*known, handle, consume, l);
    return std::make_shared<descriptor_watch<asio::any_io_executor>>(ex, handle, consume, l);
}

} // namespace crosswake::detail
