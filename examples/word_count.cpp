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
// Any worker may be killed at any time, and the parent need not even notice: once all files have been handed out and
// the queues are empty, whoever becomes idle gets a file that somebody else still has in hand. The first count of a
// file is taken, by the file's number. The files of the dead come back in this way, and so do those of the slow.
//
// If the parent is killed, its lock passes to whoever waits for it; so the workers learn of it, and end.
#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/process/child.hpp>
#include <boost/process/environment.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

namespace asio = boost::asio;
namespace cw = crosswake;
namespace fs = std::filesystem;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

struct counts {
    std::uint64_t lines = 0, words = 0, bytes = 0;
};

// What the queues carry.
struct job {
    std::uint32_t number;
    char path[1020];
};
struct result {
    std::uint32_t number;
    std::uint32_t is_readable;
    std::int64_t worker;
    counts found;
};
using job_queue = cw::queue<job>;
using result_queue = cw::queue<result>;

// What wc of GNU coreutils 9.1 counts: white space ends a word, a printable character begins one, anything else
// (control characters, bytes above 127) does neither. nullopt: the file cannot be read. Stops if nobody wants to know.
std::optional<counts> count_words(const fs::path& path, const result_queue& results) {
    static const auto is_white = [](unsigned char c) { return std::isspace(c) != 0; };
    static const auto is_ink = [](unsigned char c) { return std::isgraph(c) != 0; };
    static const auto kinds = [] {
        std::array<char, 256> table{};
        for (unsigned c = 0; c < table.size(); ++c)
            table[c] = is_white(static_cast<unsigned char>(c)) ? 'w'
                       : is_ink(static_cast<unsigned char>(c)) ? 'i'
                                                               : '-';
        return table;
    }();

    std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    counts found;
    bool in_word = false;
    std::array<char, 65536> chunk;
    while (!results.is_closed() && (file.read(chunk.data(), chunk.size()), file.gcount() > 0)) {
        const auto end = chunk.begin() + file.gcount();
        found.bytes += static_cast<std::uint64_t>(file.gcount());
        found.lines += static_cast<std::uint64_t>(std::count(chunk.begin(), end, '\n'));
        std::for_each(chunk.begin(), end, [&](char c) {
            const auto kind = kinds[static_cast<unsigned char>(c)];
            found.words += kind == 'i' && !in_word;
            in_word = kind == 'i' || (kind == '-' && in_word);
        });
    }
    return file.bad() ? std::nullopt : std::optional(found);
}

result counted(std::uint32_t number, const fs::path& path, const result_queue& results) {
    const auto found = count_words(path, results);
    return {number, found.has_value(), boost::this_process::get_id(), found.value_or(counts{})};
}

// ---- A worker

asio::awaitable<void> work(job_queue& jobs, result_queue& results) {
    for (;;) {
        const auto [no_more, j] = co_await cw::async_pop(jobs, asio::as_tuple(asio::deferred));
        if (no_more)
            co_return;
        const auto [not_wanted] =
            co_await cw::async_push(results, counted(j.number, j.path, results), asio::as_tuple(asio::deferred));
        if (not_wanted)
            co_return;
    }
}

// The parent holds this lock as long as it lives, so getting it is the news of its death.
asio::awaitable<void> end_of(cw::mutex& parent) {
    co_await cw::async_lock(parent);
}

// Works until there is no more to do, or nobody to do it for.
void join(const std::string& name) {
    cw::named<job_queue> jobs{cw::open_only, name + ".jobs"};
    cw::named<result_queue> results{cw::open_only, name + ".results"};
    cw::named<cw::mutex> parent{cw::open_only, name + ".parent"};

    asio::io_context loop;
    asio::co_spawn(loop, work(*jobs, *results) || end_of(*parent), asio::detached);
    loop.run();
}

// ---- The parent

class tally {
public:
    explicit tally(std::size_t files) : is_counted_(files) {}

    void take(const result& r) {
        if (r.number >= is_counted_.size() || is_counted_[r.number])
            return; // somebody was faster
        is_counted_[r.number] = true;
        ++counted;
        unreadable += !r.is_readable;
        ++files_by_worker[r.worker];
        total.lines += r.found.lines;
        total.words += r.found.words;
        total.bytes += r.found.bytes;
    }
    [[nodiscard]] bool is_done() const { return counted == is_counted_.size(); }

    // A file that is not counted yet: each in its turn, round and round. There must be one.
    std::uint32_t next_in_hand() {
        do
            turn_ = (turn_ + 1) % is_counted_.size();
        while (is_counted_[turn_]);
        return static_cast<std::uint32_t>(turn_);
    }

    std::size_t counted = 0, unreadable = 0;
    counts total;
    std::map<std::int64_t, std::size_t> files_by_worker;

private:
    std::vector<bool> is_counted_;
    std::size_t turn_ = 0;
};

// What `find -type f` finds: no symbolic links, neither to files nor to folders.
std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
        if (entry.symlink_status().type() == fs::file_type::regular)
            found.push_back(entry.path());
    return found;
}

// A line that overwrites itself, ten times a second; only on a terminal.
class progress_line {
public:
    ~progress_line() {
        if (is_shown_)
            fmt::print(stderr, "\r{:70}\r", "");
    }
    void show(const tally& t, std::size_t files) {
        if (!is_shown_ || steady::now() < next_)
            return;
        next_ = steady::now() + 100ms;
        fmt::print(stderr, "\r{:3} % of {} files, {} words, {} workers ", 100 * t.counted / files, files, t.total.words,
                   t.files_by_worker.size());
    }

private:
    std::error_code ignored_;
    bool is_shown_ = fs::is_character_file("/dev/stderr", ignored_);
    steady::time_point next_;
};

class parent {
public:
    parent(const fs::path& folder, const std::string& name, std::uint32_t capacity)
        : lock_{cw::create_only, name + ".parent"},
          alive_(*lock_), results_{cw::create_only, name + ".results", capacity}, jobs_{cw::create_only, name + ".jobs",
                                                                                        capacity},
          files_(files_in(folder)), tally_(files_.size()) {}

    void start_workers(std::size_t n, const std::string& name) {
        while (workers_.size() < n)
            workers_.emplace_back(boost::dll::program_location(), "--join", name);
    }

    // false: interrupted.
    bool run(bool kill_one) {
        asio::cancellation_signal stop;
        bool interrupted = false;
        interrupt_.async_wait([&](boost::system::error_code cancelled, int) {
            if (!cancelled) {
                interrupted = true;
                stop.emit(asio::cancellation_type::terminal);
            }
        });
        const auto ended = [&](std::exception_ptr e) {
            interrupt_.cancel();
            if (e && !interrupted)
                std::rethrow_exception(e);
        };
        asio::co_spawn(loop_, hand_out() && collect(kill_one), asio::bind_cancellation_slot(stop.slot(), ended));
        loop_.run();
        interrupt_.clear(); // a second Ctrl-C does what it always does

        jobs_->close();
        results_->close();
        for (auto& w : workers_)
            w.wait();
        return !interrupted;
    }

    [[nodiscard]] const tally& so_far() const { return tally_; }
    [[nodiscard]] std::size_t files() const { return files_.size(); }

private:
    asio::awaitable<void> hand_out() {
        for (std::uint32_t i = 0; i < files_.size(); ++i)
            if (const auto j = job_for(i))
                co_await cw::async_push(*jobs_, *j); // waits while the queue is full
            else
                tally_.take(counted(i, files_[i], *results_)); // the path is too long for an item
        all_handed_out_ = true;
    }

    asio::awaitable<void> collect(bool kill_one) {
        progress_line progress;
        while (!tally_.is_done()) {
            const auto [error, r] = co_await cw::async_pop_for(*results_, 500ms, asio::as_tuple(asio::deferred));
            if (!error)
                tally_.take(r);
            else if (error != cw::errc::timed_out)
                throw boost::system::system_error(error);
            progress.show(tally_, files_.size());

            if (all_handed_out_ && jobs_->empty() && results_->empty() && !tally_.is_done())
                (void)jobs_->try_push(*job_for(tally_.next_in_hand())); // somebody is idle
            if (kill_one && !workers_.empty() && tally_.counted >= files_.size() / 2) {
                workers_.front().terminate();
                kill_one = false;
            }
        }
    }

    [[nodiscard]] std::optional<job> job_for(std::uint32_t number) const {
        const auto path = files_[number].string();
        job j{.number = number, .path = {}};
        if (path.size() >= sizeof(j.path))
            return std::nullopt;
        path.copy(j.path, path.size());
        return j;
    }

    // From the first moment on, Ctrl-C waits to be heard: whatever is made below goes away in good order.
    asio::io_context loop_;
    asio::signal_set interrupt_{loop_, SIGINT, SIGTERM};
    // Then the lock: who finds the queues can rely on its being held.
    cw::named<cw::mutex> lock_;
    cw::unique_lock alive_;
    cw::named<result_queue> results_;
    cw::named<job_queue> jobs_;
    std::vector<fs::path> files_;
    bool all_handed_out_ = false;
    tally tally_;
    std::vector<boost::process::child> workers_;
};

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
    program.add_option("--capacity", capacity, "Files that wait in the queue")->capture_default_str();
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
