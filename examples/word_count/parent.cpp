// The parent: hands out files, and takes their counts, in coroutines on one thread.
#include "../program.hpp"
#include "word_count.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <map>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

using files = std::vector<std::string>;
using results = std::map<std::uint64_t, result>; // by the job's number

asio::awaitable<void> hand_out(const files& all, board& b) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        job j{.number = i, .path = {}};
        all[i].copy(j.path, sizeof(j.path) - 1);
        co_await cw::async_push(b.jobs, j); // waits while the queue is full
    }
}

asio::awaitable<void> collect(const files& all, board& b, results& counted) {
    while (counted.size() < all.size()) {
        const auto r = co_await cw::async_pop(b.results);
        counted.emplace(r.number, r); // once, though a worker dies after giving its result, and another gives it again
    }
}

asio::awaitable<void> show_progress(const files& all, const results& counted) {
    for (asio::steady_timer tick{co_await asio::this_coro::executor};; co_await tick.async_wait(asio::deferred)) {
        fmt::print(stderr, "\r{} of {} files ", counted.size(), all.size());
        tick.expires_after(100ms);
    }
}

/// false: there is a file that could not be counted.
bool print(const results& counted) {
    std::map<std::int64_t, std::size_t> files_by_worker;
    result sum{};
    bool all_there = true;
    for (const auto& [number, r] : counted) {
        ++files_by_worker[r.worker];
        sum.lines += r.lines;
        sum.words += r.words;
        sum.bytes += r.bytes;
        all_there = all_there && !r.is_missing;
    }
    for (const auto& [worker, n] : files_by_worker)
        fmt::print(stderr, "process {}: {} files\n", worker, n);
    fmt::print("{} lines, {} words, {} bytes in {} files\n", sum.lines, sum.words, sum.bytes, counted.size());
    return all_there;
}

} // namespace

int count(const files& all, const std::string& name, std::size_t workers) {
    // From the first moment on, Ctrl-C waits to be heard: whatever is made below goes away in good order.
    asio::io_context loop;
    asio::signal_set interrupt{loop, SIGINT, SIGTERM};
    interrupt.async_wait([&](auto...) { loop.stop(); });
    // Who finds the board finds this lock, and it is held as long as this process works.
    cw::named<cw::mutex> parent{cw::create_only, name + ".parent"};
    cw::unique_lock alive(*parent);
    cw::named<board> b{cw::create_only, name};

    std::vector<boost::process::child> children(workers);
    for (auto& c : children)
        c = example::start("--join", name);
    fmt::print(stderr, "{} files, {} workers, bells by {}. More workers: word_count --join {}\n", all.size(), workers,
               cw::to_string(cw::bell_mechanism_in_use()), name);

    results counted;
    asio::co_spawn(loop, show_progress(all, counted), asio::detached);
    asio::co_spawn(loop, hand_out(all, *b) && collect(all, *b, counted), [&](std::exception_ptr error) {
        loop.stop();
        if (error)
            std::rethrow_exception(error);
    });
    loop.run();

    const bool is_complete = counted.size() == all.size();
    fmt::print(stderr, "\r{} after {} files\n", is_complete ? "done" : "interrupted", counted.size());
    if (!is_complete)
        return 130; // our children go with us
    // Ctrl-C does what it always does, from here on; and the lock is what the workers wait for.
    interrupt.clear();
    alive.unlock();
    for (auto& c : children)
        c.wait();
    return print(counted) ? 0 : 1; // as wc's
}
