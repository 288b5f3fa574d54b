// Watching one native handle on an Asio context.
#pragma once

#include <crosswake/native_handle.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace crosswake::detail {

/// The handle stays its owner's: it is watched, and released, never closed.
class handle_watch {
public:
    handle_watch(const boost::asio::any_io_executor& ex, native_handle handle)
        : descriptor_(ex, static_cast<int>(handle)) {}
    ~handle_watch() { release(); }
    handle_watch(const handle_watch&) = delete;
    handle_watch& operator=(const handle_watch&) = delete;

    /// Calls on_ready(true) once when it is readable, or on_ready(false) when the watch was cancelled. `consume`: reads
    /// what is there on the way, which saves the system call that waiting for readability alone would cost each time.
    template <class OnReady>
    void start(OnReady on_ready, bool consume) {
        pending_ = true;
        if (consume)
            descriptor_.async_read_some(boost::asio::buffer(sink_),
                                        [f = std::move(on_ready)](boost::system::error_code ec, std::size_t) { f(!ec); });
        else
            descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                   [f = std::move(on_ready)](boost::system::error_code ec) { f(!ec); });
    }
    [[nodiscard]] bool is_pending() const noexcept { return pending_; }
    void ended() noexcept { pending_ = false; }
    void cancel() {
        boost::system::error_code ignored;
        if (pending_)
            descriptor_.cancel(ignored);
    }
    void release() {
        if (descriptor_.is_open())
            descriptor_.release();
    }

private:
    boost::asio::posix::stream_descriptor descriptor_;
    std::array<char, 64> sink_{};
    bool pending_ = false;
};

} // namespace crosswake::detail
