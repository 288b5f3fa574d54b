// Two processes and a queue between them. Waiting blocks, as usual; hello_async.cpp is the same, awaited.
//
//     hello                      is both halves: it starts itself a second time, to send
//     hello receive --name q     one half each, in two terminals: first this one, which makes the queue,
//     hello send --name q        then this one, which opens it
#include "boost_process.hpp"

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>

#include <CLI/CLI.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <random>
#include <string>
#include <system_error>

namespace cw = crosswake;

// What goes through a queue is copied: any trivially copyable type without addresses inside.
struct greeting {
    int number;
    char text[28];
};

void send(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::open_only, name};
    for (int i = 1; i <= 3; ++i)
        greetings->push({i, "Hello from another process"}); // waits while the queue is full
    greetings->close();                                     // that was all; what is in it can still be taken
}

void receive(cw::queue<greeting>& greetings) {
    std::error_code end;
    while (const auto g = greetings.pop(end)) // waits while it is empty; nothing comes once it is closed and drained
        fmt::print("{} ({})\n", g->text, g->number);
}

int main(int argc, char** argv) try {
    CLI::App program{"Two processes and a queue between them"};
    auto name = fmt::format("hello-{:08x}", std::random_device{}());
    program.add_option("--name", name, "The queue's name");
    auto* const only_send = program.add_subcommand("send", "Be the sending half")->fallthrough();
    auto* const only_receive = program.add_subcommand("receive", "Be the receiving half")->fallthrough();
    CLI11_PARSE(program, argc, argv);

    if (*only_send) {
        send(name);
        return 0;
    }
    // Whoever makes the queue or opens it keeps it alive, and when the last one has gone, so has the queue.
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    boost::process::child other;
    if (!*only_receive)
        other = boost::process::child(boost::dll::program_location(), "send", "--name", name);
    receive(*greetings);
    if (other.valid())
        other.wait();
    return 0;
} catch (const std::system_error& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
