// The parent: hands out files, and takes their counts, in two coroutines on one thread.
#include "../boost_process.hpp"
#include "word_count.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <map>
#include <vector>

namespace asio = boost::asio;
namespace cw = crosswake;
namespace fs = std::filesystem;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

// What `find -type f` finds: no symbolic links, neither to files nor to folders.
std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
        if (entry.symlink_status().type() == fs::file_type::regular)
            found.push_back(entry.path().string());
    return found;
}

const bool is_terminal = fs::is_character_file("/dev/stderr");

// What has been counted so far.
struct tally {
    std::vector<bool> is_counted; // by a file's number
    std::size_t counted = 0, readable = 0;
    std::uint64_t lines = 0, words = 0, bytes = 0;
    std::map<std::int64_t, std::size_t> files_by_worker = {};

    void take(const result& r) {
        if (is_counted.at(r.number))
            return; // its first worker died when it had given the result, and before it could say so
        is_counted[r.number] = true;
        ++counted;
        ++files_by_worker[r.worker];
        readable += r.is_readable;
        lines += r.lines;
        words += r.words;
        bytes += r.bytes;
    }
};

asio::awaitable<void> hand_out(const std::vector<std::string>& files, job_queue& jobs) {
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        job j{.number = i, .path = {}};
        files[i].copy(j.path, sizeof(j.path) - 1);
        co_await cw::async_push(jobs, j); // waits while the queue is full
    }
}

asio::awaitable<void> collect(result_queue& results, tally& t, std::vector<boost::process::child>& workers,
                              bool kills_one) {
    const auto files = t.is_counted.size();
    for (auto next_line = steady::now(); t.counted < files;) {
        const auto [error, r] = co_await cw::async_pop_for(results, 100ms, asio::as_tuple(asio::deferred));
        if (!error)
            t.take(r);
        else if (error != cw::errc::timed_out)
            throw boost::system::system_error(error);
        if (is_terminal && steady::now() >= next_line) {
            fmt::print(stderr, "\r{:3} % of {} files, {} words, {} workers ", 100 * t.counted / files, files, t.words,
                       t.files_by_worker.size());
            next_line = steady::now() + 100ms;
        }
        if (kills_one && !workers.empty() && t.counted >= files / 2) {
            kills_one = false;
            workers.front().terminate();
            fmt::print(stderr, "process {} was killed half-way\n", workers.front().id());
            workers.erase(workers.begin());
        }
    }
}

} // namespace

int count(const task& what) {
    const auto start = steady::now();
    // From the first moment on, Ctrl-C waits to be heard: whatever is made below goes away in good order.
    asio::io_context loop;
    asio::signal_set interrupt{loop, SIGINT, SIGTERM};
    // Then the lock: who finds the queues can rely on its being held.
    cw::named<cw::mutex> lock{cw::create_only, what.name + ".parent"};
    const cw::unique_lock alive(*lock);
    cw::named<result_queue> results{cw::create_only, what.name + ".results", what.capacity};
    cw::named<job_queue> jobs{cw::create_only, what.name + ".jobs", what.capacity};

    const auto files = files_in(what.folder);
    std::vector<boost::process::child> workers;
    while (workers.size() < what.workers)
        workers.emplace_back(boost::dll::program_location(), "--join", what.name);
    fmt::print(stderr, "{}: {} files, {} workers. More of them: word_count --join {}\n", what.folder, files.size(),
               what.workers, what.name);

    bool interrupted = false;
    const auto no_more = [&] {
        jobs->close();
        results->close();
    };
    interrupt.async_wait([&](boost::system::error_code cancelled, int) {
        if (cancelled)
            return;
        interrupted = true;
        no_more();
    });
    tally t{.is_counted = std::vector<bool>(files.size())};
    asio::co_spawn(loop, hand_out(files, *jobs) && collect(*results, t, workers, what.kill_one),
                   [&](std::exception_ptr error) {
                       interrupt.cancel();
                       if (error && !interrupted)
                           std::rethrow_exception(error);
                   });
    loop.run();
    interrupt.clear(); // a second Ctrl-C does what it always does
    no_more();
    if (is_terminal)
        fmt::print(stderr, "\r{:70}\r", "");

    for (auto& w : workers) {
        if (interrupted)
            w.terminate(); // it may be in the middle of a large file
        w.wait();
        if (!interrupted && w.exit_code() != 0)
            fmt::print(stderr, "process {} ended with {}\n", w.id(), w.exit_code());
    }
    for (const auto& [worker, n] : t.files_by_worker)
        fmt::print(stderr, "process {}: {} files\n", worker, n);
    if (interrupted) {
        fmt::print(stderr, "interrupted after {} of {} files\n", t.counted, files.size());
        return 130;
    }
    const auto seconds = std::chrono::duration<double>(steady::now() - start).count();
    fmt::print("{} lines, {} words, {} bytes in {} files\n", t.lines, t.words, t.bytes, files.size());
    fmt::print(stderr, "{:.2f} s, {:.0f} files/s, {:.0f} MB/s, bells by {}\n", seconds,
               static_cast<double>(files.size()) / seconds, static_cast<double>(t.bytes) / 1e6 / seconds,
               cw::to_string(cw::bell_mechanism_in_use()));
    if (t.readable < files.size())
        fmt::print(stderr, "{} files could not be read\n", files.size() - t.readable);
    return t.readable < files.size() ? 1 : 0;
}
