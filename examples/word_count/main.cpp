// Counts lines, words and bytes of every file in a folder, as `wc` does in the C locale, with several processes.
//
//     word_count                            /usr/include (or the current folder), with 4 worker processes
//     word_count --folder src --workers 8
//     word_count --name wc --workers 0      makes no workers of its own, and waits for others …
//     word_count --join wc                  … that join by name: from other terminals, at any time, any number
//     word_count --kill-one                 kills a worker half-way, with SIGKILL; the totals are the same
//
// Two queues: files go out, counts come back. Any worker may be killed at any time, and the parent need not even
// notice: a worker confirms a file when it has given its count, and what a dead one had in hand goes to another.
// If the parent is killed, its lock passes to whoever waits for it; so the workers learn of it, and end.
#include "word_count.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <string>

int main(int argc, char** argv) try {
    CLI::App program{"Counts lines, words and bytes of every file in a folder, with several processes"};
    task what{.folder = std::filesystem::is_directory("/usr/include") ? "/usr/include" : ".",
              .name = fmt::format("word_count-{:08x}", std::random_device{}()),
              .workers = 4,
              .capacity = 256,
              .kill_one = false};
    std::string joined;
    program.add_option("--folder", what.folder, "The folder")->check(CLI::ExistingDirectory)->capture_default_str();
    program.add_option("--workers", what.workers, "Worker processes to start")->capture_default_str();
    program.add_option("--capacity", what.capacity, "Files that wait, or are in hand")->capture_default_str();
    program.add_option("--name", what.name, "What workers join by");
    program.add_option("--join", joined, "Be a worker of the word_count that has this name");
    program.add_flag("--kill-one", what.kill_one, "Kill a worker half-way");
    CLI11_PARSE(program, argc, argv);
    if (joined.empty())
        return count(what);
    join(joined);
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
