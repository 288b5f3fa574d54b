// Ten coroutines wait for items, five items come, and the other five waits are cancelled: nothing is lost, no thread
// stays behind, and the program ends at once.
//
// A wait that was cancelled has taken nothing, now or later: an item that comes afterwards stays in the queue.
#include "program.hpp"
#include "run.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

namespace asio = boost::asio;
namespace cw = crosswake;

struct tally {
    int received = 0, cancelled = 0, sum = 0;
    std::array<asio::cancellation_signal, 10> stop;
};

asio::awaitable<void> wait_for_an_item(cw::queue<int>& items, tally& t) {
    const auto [error, item] = co_await cw::async_pop(items, asio::as_tuple(asio::deferred));
    if (error == asio::error::operation_aborted) {
        ++t.cancelled;
        co_return;
    }
    t.sum += item;
    if (++t.received == 5)
        for (auto& s : t.stop)
            s.emit(asio::cancellation_type::terminal);
}

// The threads of this process, where the system shows them as files; 0 elsewhere.
auto threads() {
    std::error_code no_such_folder;
    return std::distance(std::filesystem::directory_iterator("/proc/self/task", no_such_folder), {});
}

void send(const std::string& name) {
    cw::named<cw::queue<int>> items{cw::open_only, name};
    for (const int item : {1, 2, 3, 4, 5})
        items->push(item);
}

void wait(const std::string& name) {
    const auto threads_before = threads();
    cw::named<cw::queue<int>> items{cw::create_only, name, 16};
    asio::io_context loop;
    tally t;
    for (auto& s : t.stop)
        asio::co_spawn(loop, wait_for_an_item(*items, t), asio::bind_cancellation_slot(s.slot(), example::rethrow));
    loop.poll(); // all ten wait now
    const auto threads_meanwhile = threads();
    auto sender = example::start("send", name);
    loop.run(); // returns when nobody waits any more
    example::finish(sender);
    fmt::print("received {} (their sum is {}), cancelled {}, items left {}\n", t.received, t.sum, t.cancelled,
               items->size());

    items->push(6);
    loop.restart();
    loop.run();
    fmt::print("then came one more, and it is left for others: {}\n", items->try_pop().value());
    if (threads_before > 0)
        fmt::print("threads: {} before, {} while ten waited, {} at the end\n", threads_before, threads_meanwhile,
                   threads());
}

int main(int argc, char** argv) {
    return example::play(argc, argv, {{"wait", wait}, {"send", send}});
}
