// A child process that runs a role.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crosswake::test {

class child {
public:
    /// Starts this program anew in the given role.
    explicit child(const std::string& role, const std::vector<std::string>& args = {});
    child(child&& other) noexcept;
    child& operator=(child&& other) noexcept;
    /// Kills it if it is still there.
    ~child();

    /// Waits for its end: the exit code, or minus the signal's number (on Windows minus one) if it was killed.
    int wait();
    /// Ends it at once, wherever it is (SIGKILL, TerminateProcess), and waits until it has ended.
    void kill();
    /// Stops it, wherever it is, until resume(); returns when it has stopped.
    void stop();
    void resume();

    [[nodiscard]] std::uint32_t pid() const noexcept { return pid_; }

    /// Makes the calling process run this program anew in the given role: the same process, a new program.
    [[noreturn]] static void become(const std::string& role, const std::vector<std::string>& args = {});
    /// Ends the calling process on the spot, as a kill from outside would.
    [[noreturn]] static void kill_myself();
    /// Stops the calling process until somebody resumes it.
    static void stop_myself();

private:
    std::uint32_t pid_ = 0;
    std::intptr_t handle_ = 0; // 0: has been waited for
};

} // namespace crosswake::test
