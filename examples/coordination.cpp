// A lock, an event and a queue between two processes: the example of Python's aioprocessing, without its threads.
//
//     coordination                  starts itself a second time, as the worker
//
// The worker takes the lock, sets the event, and puts five results into the queue, slowly. Meanwhile two coroutines run
// in the parent's one thread: one prints results as they come, the other waits for the event and then for the lock,
// which it gets when the worker has finished; then it adds a result of its own and closes the queue.
#include "boost_process.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <random>
#include <string>
#include <thread>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;

// All in one piece of shared memory, as members of an ordinary struct.
struct desk {
    cw::mutex lock;
    cw::event has_begun{cw::reset_mode::manual};
    cw::queue<int, 8> results;
};

// The worker is ordinary blocking code; the two sides of an object need not wait in the same way.
void work(const std::string& name, std::chrono::milliseconds pause) {
    cw::named<desk> d{cw::open_only, name};
    const cw::unique_lock hold{d->lock};
    d->has_begun.set();
    for (const int item : {1, 2, 3, 4, 5}) {
        std::this_thread::sleep_for(pause); // hard work
        d->results.push(item + 5);
    }
}

asio::awaitable<void> print_results(desk& d) {
    for (;;) {
        const auto [closed, result] = co_await cw::async_pop(d.results, asio::as_tuple(asio::deferred));
        if (closed)
            co_return;
        fmt::print("Got result {}\n", result);
    }
}

asio::awaitable<void> add_another(desk& d) {
    co_await cw::async_wait(d.has_begun);
    fmt::print("The worker has begun\n");
    const auto hold = co_await cw::async_lock(d.lock); // unlocks at the end of the scope
    fmt::print("The worker has let go of the lock\n");
    co_await cw::async_push(d.results, 78);
    d.results.close();
}

int main(int argc, char** argv) try {
    CLI::App program{"A lock, an event and a queue between two processes"};
    auto name = fmt::format("coordination-{:08x}", std::random_device{}());
    int pause = 100;
    program.add_option("--name", name, "The name of the shared memory");
    program.add_option("--pause", pause, "What a result takes, in milliseconds")->capture_default_str();
    auto* const worker = program.add_subcommand("work", "Be the worker")->fallthrough();
    CLI11_PARSE(program, argc, argv);

    if (*worker) {
        work(name, std::chrono::milliseconds(pause));
        return 0;
    }
    cw::named<desk> d{cw::create_only, name};
    boost::process::child other(boost::dll::program_location(), "work", "--name", name, "--pause",
                                std::to_string(pause));
    asio::io_context loop;
    asio::co_spawn(loop, print_results(*d) && add_another(*d), [](std::exception_ptr e) {
        if (e)
            std::rethrow_exception(e);
    });
    loop.run();
    other.wait();
    return other.exit_code();
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
