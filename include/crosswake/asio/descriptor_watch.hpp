// Watching a handle that is a file descriptor.
#pragma once

#include <boost/asio/detail/config.hpp>

#if defined(BOOST_ASIO_HAS_POSIX_STREAM_DESCRIPTOR)

#include <crosswake/asio/handle_watch.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <memory>

namespace crosswake::detail {

// On the executor's own type where it is known: a type-erased one costs several indirect calls each time.
template <class Executor>
class descriptor_watch final : public handle_watch, public std::enable_shared_from_this<descriptor_watch<Executor>> {
public:
    /// consume: what is to be read is read on the way, which costs less than waiting for readability alone.
    descriptor_watch(const Executor& ex, native_handle handle, bool consume, listener& l)
        : descriptor_(ex, static_cast<int>(handle)), consumes_(consume), listener_(&l) {}
    ~descriptor_watch() override { let_go(); }

    [[nodiscard]] bool consumes() const noexcept override { return consumes_; }

    void cancel() override {
        boost::system::error_code ignored;
        if (is_pending)
            descriptor_.cancel(ignored);
    }
    void release() override { let_go(); }

private:
    struct ended {
        std::shared_ptr<descriptor_watch> watch;
        void operator()(boost::system::error_code ec, std::size_t = 0) const {
            if (watch->listener_ != nullptr)
                watch->listener_->on_handle(*watch, !ec);
        }
    };

    void let_go() {
        listener_ = nullptr;
        if (descriptor_.is_open())
            descriptor_.release();
    }

    void do_start() override {
        if (consumes_)
            descriptor_.async_read_some(boost::asio::buffer(sink_), ended{this->shared_from_this()});
        else
            descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read, ended{this->shared_from_this()});
    }

    boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
    bool consumes_;
    listener* listener_;
    std::array<char, 64> sink_{};
};

template <class Executor>
using watch_of = descriptor_watch<Executor>;

} // namespace crosswake::detail

#endif
