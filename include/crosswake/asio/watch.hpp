// Watching a reactor's native handles on an Asio context.
#pragma once

#include <crosswake/asio/edge_watch.hpp>
#include <crosswake/asio/handle_watch.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

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

inline std::shared_ptr<handle_watch> watch_descriptor(const boost::asio::any_io_executor& ex, native_handle handle,
                                                      bool consume, handle_watch::listener& l) {
    namespace asio = boost::asio;
    if (const auto* known = ex.target<asio::io_context::executor_type>())
        return std::make_shared<descriptor_watch<asio::io_context::executor_type>>(*known, handle, consume, l);
    if (const auto* known = ex.target<asio::thread_pool::executor_type>())
        return std::make_shared<descriptor_watch<asio::thread_pool::executor_type>>(*known, handle, consume, l);
    return std::make_shared<descriptor_watch<asio::any_io_executor>>(ex, handle, consume, l);
}

/// All handles of the reactor, the bell first.
inline std::vector<std::shared_ptr<handle_watch>> watch_handles(const boost::asio::any_io_executor& ex,
                                                                const reactor& r, handle_watch::listener& l) {
    std::vector<std::shared_ptr<handle_watch>> watches;
    for (const auto handle : r.handles()) {
        const bool is_bell = watches.empty();
#ifdef CROSSWAKE_ASIO_HAS_EDGE_WATCH
        if (is_bell && r.rings_are_edges()) {
            auto& context = boost::asio::query(ex, boost::asio::execution::context_as<boost::asio::execution_context&>);
            watches.push_back(std::make_shared<edge_watch>(context, handle, l));
            continue;
        }
#endif
        watches.push_back(watch_descriptor(ex, handle, is_bell, l));
    }
    return watches;
}

} // namespace crosswake::detail
