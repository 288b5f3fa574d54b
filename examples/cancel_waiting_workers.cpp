// Ten coroutines wait for items, five items come, and the other five waits are cancelled: nothing is lost, no thread
// stays behind, and the program ends at once.
//
//     cancel_waiting_workers        starts itself a second time, to send the five items
//
// A wait that was cancelled has taken nothing, now or later: an item that comes afterwards stays in the queue.
#include "boost_process.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <array>
#include <exception>
#include <random>
#include <string>

namespace asio = boost::asio;
namespace cw = crosswake;

struct tally {
    int received = 0;
    int cancelled = 0;
    int sum = 0;
    asio::cancellation_signal stop[10];

    void stop_all() {
        for (auto& s : stop)
            s.emit(asio::cancellation_type::terminal);
    }
};

asio::awaitable<void> wait_for_an_item(cw::queue<int>& items, tally& t) {
    const auto [error, item] = co_await cw::async_pop(items, asio::as_tuple(asio::deferred));
    if (error == asio::error::operation_aborted)
        ++t.cancelled;
    else if (error)
        throw boost::system::system_error(error);
    else {
        t.sum += item;
        if (++t.received == 5)
            t.stop_all();
    }
}

void send_five(const std::string& name) {
    cw::named<cw::queue<int>> items{cw::open_only, name};
    for (const int item : {1, 2, 3, 4, 5})
        items->push(item);
}

int main(int argc, char** argv) try {
    CLI::App program{"Ten coroutines wait for five items"};
    auto name = fmt::format("cancel_waiting_workers-{:08x}", std::random_device{}());
    program.add_option("--name", name, "The queue's name");
    auto* const sender = program.add_subcommand("send", "Send five items")->fallthrough();
    CLI11_PARSE(program, argc, argv);

    if (*sender) {
        send_five(name);
        return 0;
    }
    cw::named<cw::queue<int>> items{cw::create_only, name, 16};
    asio::io_context loop;
    tally t;
    for (auto& stop : t.stop)
        asio::co_spawn(loop, wait_for_an_item(*items, t),
                       asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr e) {
                           if (e)
                               std::rethrow_exception(e);
                       }));
    loop.poll(); // all ten wait now
    boost::process::child other(boost::dll::program_location(), "send", "--name", name);
    loop.run(); // returns when nobody waits any more
    other.wait();

    fmt::print("received {} (their sum is {}), cancelled {}, items left {}\n", t.received, t.sum, t.cancelled,
               items->size());
    items->push(6);
    loop.restart();
    loop.run();
    fmt::print("then came one more, and it is left for others: {}\n", items->try_pop().value());
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
