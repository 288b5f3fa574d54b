// Two processes and a queue between them. Waiting blocks, as usual; hello_async.cpp is the same, awaited.
//
//     hello              is both halves: it starts itself a second time, to send
//     hello receive q    one half each, in two terminals: first this one, which makes the queue,
//     hello send q       then this one, which opens it
#include "program.hpp"

#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>

#include <fmt/format.h>

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

void print_all(cw::queue<greeting>& greetings) {
    std::error_code end;
    while (const auto g = greetings.pop(end)) // waits while it is empty; nothing comes once it is closed and drained
        fmt::print("{} ({})\n", g->text, g->number);
}

// Whoever makes the queue or opens it keeps it alive, and when the last one has gone, so has the queue.
void receive(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    print_all(*greetings);
}

void both(const std::string& name) {
    cw::named<cw::queue<greeting>> greetings{cw::create_only, name, 16};
    auto sender = example::start("send", name);
    print_all(*greetings);
    example::finish(sender);
}

int main(int argc, char** argv) {
    return example::play(argc, argv, {{"both", both}, {"receive", receive}, {"send", send}});
}
