// Compiles only with BOUND: a future's own executor would start the system's threads.
#include <crosswake/asio.hpp>

#include <boost/asio.hpp>

void start(crosswake::semaphore& permits, boost::asio::io_context& context) {
    namespace asio = boost::asio;
#ifdef BOUND
    (void)crosswake::async_acquire(context.get_executor(), permits, asio::use_future);
    (void)crosswake::async_acquire(permits, asio::bind_executor(context, asio::use_future));
    (void)crosswake::async_acquire(context.get_executor(), permits)(asio::use_future);
#else
    (void)context;
    (void)crosswake::async_acquire(permits)(asio::use_future);
#endif
}
