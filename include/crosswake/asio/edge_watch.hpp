// Watching a bell whose every ring is an edge, in an epoll that is edge-triggered, without reading it.
//
// A stream_descriptor costs two system calls for each wake-up beside the epoll_wait: one that reads the signal, and
// one that finds, when the next wait starts, that there is nothing to read yet. Where each ring is an edge neither is
// needed. Asio has no public way to say so, and therefore this file, alone in the library, uses what lies under its
// public interface; only with versions that it has been checked against, and everybody else takes the public way in
// watch.hpp, as does who defines CROSSWAKE_ASIO_PUBLIC_ONLY. The figures are in docs/decisions/0002.
#pragma once

#include <boost/asio/io_context.hpp> // before anything of detail/, which does not stand alone
#include <boost/asio/version.hpp>

#if defined(BOOST_ASIO_HAS_EPOLL) && !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT) && BOOST_ASIO_VERSION == 102600 &&   \
    !defined(CROSSWAKE_ASIO_PUBLIC_ONLY)
#define CROSSWAKE_ASIO_HAS_EDGE_WATCH 1

#include <crosswake/asio/handle_watch.hpp>

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/execution_context.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace crosswake::detail {

class edge_watch final : public handle_watch, public std::enable_shared_from_this<edge_watch> {
    using reactor_type = boost::asio::detail::reactor;

public:
    edge_watch(boost::asio::execution_context& context, native_handle handle, listener& l)
        : reactor_(boost::asio::use_service<reactor_type>(context)), handle_(static_cast<int>(handle)), listener_(&l),
          edge_(*this) {
        reactor_.init_task();
        reactor_.register_descriptor(handle_, registration_);
    }
    ~edge_watch() override { let_go(); }

    [[nodiscard]] bool consumes() const noexcept override { return true; }
    void cancel() override {
        if (is_pending)
            reactor_.cancel_ops(handle_, registration_);
    }
    void release() override { let_go(); }

private:
    /// Waiting for one edge. Exhausted at once, as Asio calls it: the next wait is not to look for itself first.
    struct edge final : boost::asio::detail::reactor_op {
        explicit edge(edge_watch& w) : reactor_op({}, &perform_nothing, &complete), watch(w) {}

        static status perform_nothing(reactor_op*) { return done_and_exhausted; }

        static void complete(void* owner, boost::asio::detail::operation* base, const boost::system::error_code&,
                             std::size_t) {
            auto& self = *static_cast<edge*>(base);
            const auto watch = std::move(self.watch.pending_self_);
            const bool rang = !std::exchange(self.ec_, {});
            // Without an owner the context is being destroyed.
            if (owner != nullptr && watch->listener_ != nullptr)
                watch->listener_->on_handle(*watch, rang);
        }

        edge_watch& watch;
    };

    void do_start() override {
        pending_self_ = shared_from_this();
        reactor_.start_op(reactor_type::read_op, handle_, registration_, &edge_, false, true);
    }

    void let_go() {
        listener_ = nullptr;
        if (registration_ == nullptr)
            return;
        reactor_.deregister_descriptor(handle_, registration_, false);
        reactor_.cleanup_descriptor_data(registration_);
        registration_ = nullptr;
    }

    reactor_type& reactor_;
    int handle_;
    listener* listener_;
    reactor_type::per_descriptor_data registration_ = nullptr;
    edge edge_;
    std::shared_ptr<edge_watch> pending_self_; // what is outstanding keeps the watch alive
};

} // namespace crosswake::detail

#endif
