// What every awaiting example needs: a loop that runs until its work is done.
#pragma once

#include <boost/asio.hpp>

#include <exception>
#include <utility>

namespace example {

/// How a coroutine ends that nobody awaits: what it throws is thrown where the loop runs.
inline constexpr auto rethrow = [](std::exception_ptr e, auto&&...) {
    if (e)
        std::rethrow_exception(e);
};

/// Runs it to its end, in a loop of its own.
template <class T>
void run(boost::asio::awaitable<T> work) {
    boost::asio::io_context loop;
    boost::asio::co_spawn(loop, std::move(work), rethrow);
    loop.run();
}

} // namespace example
