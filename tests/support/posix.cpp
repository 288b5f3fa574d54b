// Children and counts on POSIX.
#include <support/child.hpp>
#include <support/system.hpp>

#include <dirent.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

extern char** environ;

namespace crosswake::test {
namespace {

pid_t pid_of(std::uint32_t pid) {
    return static_cast<pid_t>(pid);
}

int wait_for(std::uint32_t pid, int options) {
    int status = 0;
    while (::waitpid(pid_of(pid), &status, options) < 0)
        if (errno != EINTR)
            throw std::runtime_error(std::string("waitpid: ") + std::strerror(errno));
    return status;
}

std::size_t count_entries(const char* directory) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory))
        ++n;
    return n;
}

} // namespace

child::child(const std::string& role, const std::vector<std::string>& args) {
    auto program = own_program();
    std::vector<std::string> words{program, "--role", role};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (auto& w : words)
        argv.push_back(w.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (const int e = ::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv.data(), environ); e != 0)
        throw std::runtime_error(std::string("posix_spawn: ") + std::strerror(e));
    pid_ = static_cast<std::uint32_t>(pid);
    handle_ = 1;
}

child::child(child&& other) noexcept : pid_(other.pid_), handle_(std::exchange(other.handle_, 0)) {}

child::~child() {
    if (handle_ != 0)
        kill();
}

int child::wait() {
    const int status = wait_for(pid_, 0);
    handle_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void child::kill() {
    ::kill(pid_of(pid_), SIGKILL);
    wait();
}

void child::stop() {
    ::kill(pid_of(pid_), SIGSTOP);
    wait_for(pid_, WUNTRACED);
}

void child::resume() {
    ::kill(pid_of(pid_), SIGCONT);
}

void child::kill_myself() {
    ::kill(::getpid(), SIGKILL);
    for (;;)
        ::pause();
}

void child::stop_myself() {
    ::kill(::getpid(), SIGSTOP);
}

std::string own_program() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::size_t thread_count() {
    return count_entries("/proc/self/task");
}

std::size_t descriptor_count() {
    return count_entries("/proc/self/fd") - 1; // the listing has one of its own
}

std::size_t wake_up_count() {
    std::size_t total = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        for (std::string word; status >> word;)
            if (word == "voluntary_ctxt_switches:") {
                std::size_t n = 0;
                status >> n;
                total += n;
            }
    }
    return total;
}

std::size_t objects_left(const std::string& text) {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
        if (entry.path().filename().string().find(text) != std::string::npos)
            ++n;
    return n;
}

} // namespace crosswake::test
