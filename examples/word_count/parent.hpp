// The parent: hands out files, and takes their counts, in two coroutines on one thread.
#pragma once

#include "../boost_process.hpp"
#include "messages.hpp"
#include "tally.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

class parent {
public:
    parent(const std::filesystem::path& folder, const std::string& name, std::uint32_t capacity);

    void start_workers(std::size_t n, const std::string& name);
    // false: interrupted.
    bool run(bool kill_one);

    [[nodiscard]] const tally& so_far() const { return tally_; }
    // Its own workers, which have all ended by then; and the one that it has killed itself.
    [[nodiscard]] const std::vector<boost::process::child>& workers() const { return workers_; }
    [[nodiscard]] std::optional<boost::process::pid_t> killed() const { return killed_; }
    [[nodiscard]] std::size_t files() const { return files_.size(); }

private:
    boost::asio::awaitable<void> hand_out();
    boost::asio::awaitable<void> collect(bool kill_one);
    [[nodiscard]] std::optional<job> job_for(std::uint32_t number) const;

    // From the first moment on, Ctrl-C waits to be heard: whatever is made below goes away in good order.
    boost::asio::io_context loop_;
    boost::asio::signal_set interrupt_{loop_, SIGINT, SIGTERM};
    // Then the lock: who finds the queues can rely on its being held.
    crosswake::named<crosswake::mutex> lock_;
    crosswake::unique_lock alive_;
    crosswake::named<result_queue> results_;
    crosswake::named<job_queue> jobs_;
    std::vector<std::filesystem::path> files_;
    tally tally_;
    std::vector<boost::process::child> workers_;
    std::optional<boost::process::pid_t> killed_;
};
