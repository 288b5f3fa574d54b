// Two processes and a queue between them, and nobody blocks: each half is a coroutine on an event loop of its own.
// hello.cpp is the same without an event loop, and either half gets on with the other program's.
//
//     hello_async                      is both halves: it starts itself a second time, to send
//     hello_async receive --name q     one half each, in two terminals: first this one, which makes the queue,
//     hello_async send --name q        then this one, which opens it
#include "boost_process.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <exception>
#include <random>
#include <string>

namespace asio = boost::asio;
namespace cw = crosswake;

struct greeting {
    int number;
    char text[28];
};

asio::awaitable<void> send(cw::queue<greeting>& greetings) {
    for (int i = 1; i <= 3; ++i)
        co_await cw::async_push(greetings, {i, "Hello from another process"});
    greetings.close();
}

asio::awaitable<void> receive(cw::queue<greeting>& greetings) {
    for (;;) {
        const auto [error, g] = co_await cw::async_pop(greetings, asio::as_tuple(asio::deferred));
        if (error) // errc::closed: closed and drained
            co_return;
        fmt::print("{} ({})\n", g.text, g.number);
    }
}

// Runs the loop until the coroutine has ended; what it throws, this throws.
void run(asio::awaitable<void> half) {
    asio::io_context loop;
    asio::co_spawn(loop, std::move(half), [](std::exception_ptr e) {
        if (e)
            std::rethrow_exception(e);
    });
    loop.run();
}

int main(int argc, char** argv) try {
    CLI::App program{"Two processes and a queue between them, awaited"};
    auto name = fmt::format("hello-{:08x}", std::random_device{}());
    program.add_option("--name", name, "The queue's name");
    auto* const only_send = program.add_subcommand("send", "Be the sending half")->fallthrough();
    auto* const only_receive = program.add_subcommand("receive", "Be the receiving half")->fallthrough();
    CLI11_PARSE(program, argc, argv);

    if (*only_send) {
        cw::named<cw::queue<greeting>> greetings{cw::open_only, name};
        run(send(*greetings));
        return 0;
    }
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    boost::process::child other;
    if (!*only_receive)
        other = boost::process::child(boost::dll::program_location(), "send", "--name", name);
    run(receive(*greetings));
    if (other.valid())
        other.wait();
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
