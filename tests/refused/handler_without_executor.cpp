// Compiles only with BOUND: a handler that has no executor would have to run on the system's threads.
#include <crosswake/asio.hpp>

#include <boost/asio.hpp>

void start(crosswake::semaphore& permits, boost::asio::io_context& context) {
    const auto handler = [](boost::system::error_code) {};
#ifdef BOUND
    crosswake::async_acquire(permits, boost::asio::bind_executor(context, handler));
    crosswake::async_acquire(context.get_executor(), permits, handler);
#else
    (void)context;
    crosswake::async_acquire(permits, handler);
#endif
}
