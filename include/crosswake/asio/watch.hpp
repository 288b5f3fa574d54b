// Watching a reactor's native handles on an Asio context.
#pragma once

#include <crosswake/asio/descriptor_watch.hpp>
#include <crosswake/asio/edge_watch.hpp>
#include <crosswake/asio/handle_watch.hpp>
#include <crosswake/asio/object_watch.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <vector>

namespace crosswake::detail {

inline std::shared_ptr<handle_watch> watch_one(const boost::asio::any_io_executor& ex, native_handle handle,
                                               bool consume, handle_watch::listener& l) {
    namespace asio = boost::asio;
    if (const auto* known = ex.target<asio::io_context::executor_type>())
        return std::make_shared<watch_of<asio::io_context::executor_type>>(*known, handle, consume, l);
    if (const auto* known = ex.target<asio::thread_pool::executor_type>())
        return std::make_shared<watch_of<asio::thread_pool::executor_type>>(*known, handle, consume, l);
    return std::make_shared<watch_of<asio::any_io_executor>>(ex, handle, consume, l);
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
        watches.push_back(watch_one(ex, handle, is_bell, l));
    }
    return watches;
}

} // namespace crosswake::detail
