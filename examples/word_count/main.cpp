// Counts lines, words and bytes of every file in a folder, as `wc` does in the C locale, with several processes.
//
//     word_count                            /usr/include (or the current folder), with 4 worker processes
//     word_count --folder src --workers 8
//     word_count --name wc --workers 0      makes no workers of its own, and waits for others …
//     word_count --join wc                  … that join by name: from other terminals, at any time, any number
//     word_count --kill-one                 kills a worker half-way, with SIGKILL; the totals are the same
//
// Two queues: files go out, counts come back. The parent is one thread: two coroutines on an event loop. Its own
// workers are started with --join, as anybody's are.
//
// Any worker may be killed at any time, and the parent need not even notice: a worker confirms a file when it has given
// its count, and what a dead one had in hand goes to another. A worker that dies between the two leaves a file that is
// counted twice, so the first count of a file is taken, by the file's number.
//
// If the parent is killed, its lock passes to whoever waits for it; so the workers learn of it, and end.
#include "parent.hpp"

#include <crosswake/reactor.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <string>

namespace cw = crosswake;
namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

int main(int argc, char** argv) try {
    CLI::App program{"Counts lines, words and bytes of every file in a folder, with several processes"};
    std::string folder = fs::is_directory("/usr/include") ? "/usr/include" : ".";
    std::string name = fmt::format("word_count-{:08x}", std::random_device{}());
    std::string joined;
    std::size_t workers = 4;
    std::uint32_t capacity = 256;
    bool kill_one = false;
    program.add_option("--folder", folder, "The folder")->check(CLI::ExistingDirectory)->capture_default_str();
    program.add_option("--workers", workers, "Worker processes to start")->capture_default_str();
    program.add_option("--capacity", capacity, "Files that wait for a worker, or are in a worker's hand")
        ->capture_default_str();
    program.add_option("--name", name, "What workers join by");
    program.add_option("--join", joined, "Be a worker of the word_count that has this name");
    program.add_flag("--kill-one", kill_one, "Kill a worker half-way");
    CLI11_PARSE(program, argc, argv);
    if (!joined.empty()) {
        join(joined);
        return 0;
    }

    const auto start = steady::now();
    parent p{folder, name, capacity};
    p.start_workers(workers, name);
    fmt::print(stderr, "{}: {} files, {} workers. More of them: word_count --join {}\n", folder, p.files(), workers,
               name);
    const bool finished = p.run(kill_one);
    const std::chrono::duration<double> seconds = steady::now() - start;

    const auto& t = p.so_far();
    for (const auto& [worker, files] : t.files_by_worker)
        fmt::print(stderr, "process {}: {} files\n", worker, files);
    for (const auto& w : p.workers())
        if (finished && w.exit_code() != 0) // Ctrl-C in a terminal is for all of them
            fmt::print(stderr, "process {} ended with {}\n", w.id(), w.exit_code());
    if (p.killed())
        fmt::print(stderr, "process {} was killed half-way\n", *p.killed());
    if (!finished) {
        fmt::print(stderr, "interrupted after {} of {} files\n", t.counted, p.files());
        return 130;
    }
    fmt::print("{} lines, {} words, {} bytes in {} files\n", t.total.lines, t.total.words, t.total.bytes, p.files());
    fmt::print(stderr, "{:.2f} s, {:.0f} files/s, {:.0f} MB/s, bells by {}\n", seconds.count(),
               static_cast<double>(p.files()) / seconds.count(),
               static_cast<double>(t.total.bytes) / 1e6 / seconds.count(), cw::to_string(cw::bell_mechanism_in_use()));
    if (t.unreadable > 0)
        fmt::print(stderr, "{} files could not be read\n", t.unreadable);
    return t.unreadable > 0 ? 1 : 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
