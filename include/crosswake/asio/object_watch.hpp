// Watching a handle that is a kernel object of Windows: the system's thread pool waits for it, and posts to the loop's
// completion port.
#pragma once

#include <boost/asio/detail/config.hpp>

#if defined(BOOST_ASIO_HAS_WINDOWS_OBJECT_HANDLE)

#include <crosswake/asio/handle_watch.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/windows/basic_object_handle.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstdint>
#include <memory>

namespace crosswake::detail {

template <class Executor>
class object_watch final : public handle_watch, public std::enable_shared_from_this<object_watch<Executor>> {
public:
    object_watch(const Executor& ex, native_handle handle, bool /*consume*/, listener& l)
        : object_(ex, another(handle)), listener_(&l) {}

    // The bell stays signalled until it is silenced, so a watch that is satisfied and cancelled at the same time, which
    // Asio reports as cancelled, loses nothing: the next one is satisfied at once.
    [[nodiscard]] bool consumes() const noexcept override { return false; }

    void cancel() override {
        boost::system::error_code ignored;
        if (is_pending)
            object_.cancel(ignored);
    }
    void release() override {
        listener_ = nullptr;
        boost::system::error_code ignored;
        object_.close(ignored);
    }

private:
    struct ended {
        std::shared_ptr<object_watch> watch;
        void operator()(boost::system::error_code ec) const {
            if (watch->listener_ != nullptr)
                watch->listener_->on_handle(*watch, !ec);
        }
    };

    /// Asio closes what it was given, and has no way to give it back.
    static HANDLE another(native_handle handle) {
        HANDLE copy = nullptr;
        if (!::DuplicateHandle(::GetCurrentProcess(), reinterpret_cast<HANDLE>(static_cast<std::intptr_t>(handle)),
                               ::GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
            throw boost::system::system_error(static_cast<int>(::GetLastError()), boost::system::system_category());
        return copy;
    }

    void do_start() override { object_.async_wait(ended{this->shared_from_this()}); }

    boost::asio::windows::basic_object_handle<Executor> object_;
    listener* listener_;
};

template <class Executor>
using watch_of = object_watch<Executor>;

} // namespace crosswake::detail

#endif
