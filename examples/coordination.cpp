// A lock, an event and a queue between two processes: the example of Python's aioprocessing, without its threads.
//
// The worker takes the lock, sets the event, and puts five results into the queue, slowly. Meanwhile two coroutines run
// in the parent's one thread: one prints results as they come, the other waits for the event and then for the lock,
// which it gets when the worker has finished; then it adds a result of its own and closes the queue.
#include "program.hpp"
#include "run.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

// All in one piece of shared memory, as members of an ordinary struct.
struct desk {
    cw::mutex lock;
    cw::event has_begun{cw::reset_mode::manual};
    cw::queue<int, 8> results;
};

// The worker is ordinary blocking code; the two sides of an object need not wait in the same way.
void work(const std::string& name) {
    cw::named<desk> d{cw::open_only, name};
    const cw::unique_lock hold{d->lock};
    d->has_begun.set();
    for (const int item : {1, 2, 3, 4, 5}) {
        std::this_thread::sleep_for(50ms); // hard work
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

void coordinate(const std::string& name) {
    cw::named<desk> d{cw::create_only, name};
    auto worker = example::start("work", name);
    example::run(print_results(*d) && add_another(*d));
    example::finish(worker);
}

int main(int argc, char** argv) {
    return example::play(argc, argv, {{"coordinate", coordinate}, {"work", work}});
}
