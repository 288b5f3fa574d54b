// A child process that is a copy of this one, and runs on.
#pragma once

#include <support/system.hpp>

#include <functional>

namespace crosswake::test {

/// A forked child that runs `body` and ends with what that returns.
class forked {
public:
    explicit forked(const std::function<int()>& body);
    forked(const forked&) = delete;
    forked& operator=(const forked&) = delete;
    /// Who was not waited for, in a test that failed, is killed.
    ~forked();

    [[nodiscard]] thread_number pid() const { return pid_; }
    /// Waits for its end: the exit code, or minus the signal's number if it was killed.
    int wait();

private:
    thread_number pid_;
};

} // namespace crosswake::test
