// Processes that are measured: forked from the sampler, pinned, and never left over.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

inline void pin_to(std::size_t core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        throw std::runtime_error(fmt::format("cannot pin to core {}", core));
}

/// A forked process that runs `body`. It dies with its parent, and when this object goes.
class child {
public:
    template <class Body>
    explicit child(Body&& body) : pid_(fork()) {
        if (pid_ < 0)
            throw std::runtime_error("cannot fork");
        if (pid_ != 0)
            return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int code = EXIT_SUCCESS;
        try {
            std::forward<Body>(body)();
        } catch (const std::exception& e) {
            fmt::print(stderr, "{}\n", e.what());
            code = EXIT_FAILURE;
        }
        _exit(code);
    }
    child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    child& operator=(child&&) = delete;
    ~child() { kill(); }

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool is_joined() const { return pid_ < 0; }

    /// Throws if it did not end well.
    void join() {
        if (const int status = reap(0).value(); status != 0)
            throw std::runtime_error(fmt::format("a measured process ended with status {:#x}", status));
    }
    /// nullopt: it still runs.
    std::optional<int> ended() { return reap(WNOHANG); }

    void kill() {
        if (pid_ < 0)
            return;
        ::kill(pid_, SIGKILL);
        reap(0);
    }

private:
    std::optional<int> reap(int flags) {
        int status = 0;
        if (waitpid(pid_, &status, flags) == 0)
            return std::nullopt;
        pid_ = -1;
        return status;
    }

    pid_t pid_;
};

/// Throws if one that is to meet the others has ended: they would wait for it for ever.
inline void look_after(std::span<child> all) {
    if (std::ranges::any_of(all, [](child& c) { return c.ended().has_value(); }))
        throw std::runtime_error("a measured process ended before it was measured");
}

/// In the order in which they end; throws at the first that does not end well, for the others may wait for it for ever.
inline void join_all(std::span<child> all) {
    while (!std::ranges::all_of(all, &child::is_joined)) {
        siginfo_t news{};
        waitid(P_ALL, 0, &news, WEXITED | WNOWAIT);
        const auto it = std::ranges::find(all, news.si_pid, &child::pid);
        if (it == all.end())
            throw std::runtime_error("a process that the measured ones need has ended");
        it->join();
    }
}

} // namespace bench
