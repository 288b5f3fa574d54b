// Two processes and a queue between them, and nobody blocks: each half is a coroutine on an event loop of its own.
// hello.cpp is the same without an event loop, and either half gets on with the other program's.
//
//     hello_async              is both halves: it starts itself a second time, to send
//     hello_async receive q    one half each, in two terminals: first this one, which makes the queue,
//     hello_async send q       then this one, which opens it
#include "program.hpp"
#include "run.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <string>

namespace asio = boost::asio;
namespace cw = crosswake;

struct greeting {
    int number;
    char text[28];
};

asio::awaitable<void> send_all(cw::queue<greeting>& greetings) {
    for (int i = 1; i <= 3; ++i)
        co_await cw::async_push(greetings, {i, "Hello from another process"});
    greetings.close();
}

asio::awaitable<void> print_all(cw::queue<greeting>& greetings) {
    for (;;) {
        const auto [error, g] = co_await cw::async_pop(greetings, asio::as_tuple(asio::deferred));
        if (error) // errc::closed: closed and drained
            co_return;
        fmt::print("{} ({})\n", g.text, g.number);
    }
}

void send(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::open_only, name};
    example::run(send_all(*greetings));
}

void receive(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    example::run(print_all(*greetings));
}

void both(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    auto sender = example::start("send", name);
    example::run(print_all(*greetings));
    example::finish(sender);
}

int main(int argc, char** argv) {
    return example::play(argc, argv, {{"both", both}, {"receive", receive}, {"send", send}});
}
