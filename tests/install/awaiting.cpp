#include "fresh_name.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <boost/asio.hpp>

namespace asio = boost::asio;
namespace cw = crosswake;

int main() {
    const auto name = fresh_name();
    cw::named<cw::semaphore> slots{cw::create_only, name, 0};
    cw::named<cw::semaphore> same{cw::open_only, name};
    bool acquired = false;

    asio::io_context loop;
    asio::co_spawn(
        loop,
        [&]() -> asio::awaitable<void> {
            co_await cw::async_acquire(*slots, asio::use_awaitable);
            acquired = true;
        },
        asio::detached);
    asio::post(loop, [&] { same->release(); });
    loop.run();
    return acquired ? 0 : 1;
}
