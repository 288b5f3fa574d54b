// Children, and what tests ask of the system, on POSIX.
#include <support/child.hpp>
#include <support/posix/call_filter.hpp>
#include <support/system.hpp>

#include <dirent.h>
#include <grp.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
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

/// Set in the environment of processes among other process numbers than those that /proc shows.
constexpr const char* numbers_are_foreign = "CROSSWAKE_TEST_NUMBERS_ARE_FOREIGN";

struct command_line {
    command_line(const std::string& role, const std::vector<std::string>& args) : words{own_program(), "--role", role} {
        words.insert(words.end(), args.begin(), args.end());
        for (auto& w : words)
            argv.push_back(w.data());
        argv.push_back(nullptr);
    }

    std::vector<std::string> words;
    std::vector<char*> argv;
};

/// Asked for when the program starts: for a process that has left its parent's mounts the link may lead elsewhere.
const std::filesystem::path this_program = [] {
    std::error_code there_is_no_proc;
    return std::filesystem::read_symlink("/proc/self/exe", there_is_no_proc);
}();

std::size_t count_entries(const char* directory) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory))
        ++n;
    return n;
}

/// One letter: see proc(5).
char state_of(thread_number thread) {
    std::ifstream file("/proc/" + std::to_string(thread) + "/stat");
    std::string line;
    std::getline(file, line);
    // The state follows the program's name, which is in parentheses and may hold anything.
    const auto name_end = line.rfind(')');
    return name_end != std::string::npos && line.size() > name_end + 2 ? line[name_end + 2] : '?';
}

} // namespace

child::child(const std::string& role, const std::vector<std::string>& args) {
    command_line line(role, args);
    pid_t pid = 0;
    if (const int e = ::posix_spawn(&pid, line.argv[0], nullptr, nullptr, line.argv.data(), environ); e != 0)
        throw std::runtime_error(std::string("posix_spawn: ") + std::strerror(e));
    pid_ = static_cast<std::uint32_t>(pid);
    handle_ = 1;
}

child::child(child&& other) noexcept : pid_(other.pid_), handle_(std::exchange(other.handle_, 0)) {}

child& child::operator=(child&& other) noexcept {
    child moved(std::move(other));
    std::swap(pid_, moved.pid_);
    std::swap(handle_, moved.handle_);
    return *this;
}

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

void child::become(const std::string& role, const std::vector<std::string>& args) {
    command_line line(role, args);
    ::execv(line.argv[0], line.argv.data());
    throw std::runtime_error(std::string("execv: ") + std::strerror(errno));
}

void child::kill_myself() {
    ::kill(::getpid(), SIGKILL);
    for (;;)
        ::pause();
}

void child::stop_myself() {
    ::kill(::getpid(), SIGSTOP);
}

void tie_children_to_this_process() {}

void set_environment(const char* variable, const std::string& value) {
    if (value.empty())
        ::unsetenv(variable);
    else
        ::setenv(variable, value.c_str(), 1);
}

std::string own_program() {
    const char* const others = std::getenv("CROSSWAKE_TEST_PROGRAMS");
    return (others == nullptr ? this_program : others / this_program.filename()).string();
}

std::size_t thread_count() {
    return count_entries("/proc/self/task");
}

std::size_t mapping_count(const std::string& text) {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        count += line.find(text) != std::string::npos ? std::size_t{1} : 0;
    return count;
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

thread_number this_thread() {
    return static_cast<thread_number>(::syscall(SYS_gettid));
}

bool is_asleep(thread_number thread) {
    return state_of(thread) == 'S';
}

void until_ended(thread_number thread) {
    for (auto state = state_of(thread); state != 'Z' && state != 'X' && state != '?'; state = state_of(thread))
        ::sched_yield();
}

std::uint32_t own_process() {
    return static_cast<std::uint32_t>(::getpid());
}

void end_this_thread() {
    ::syscall(SYS_exit, 0);
    std::abort();
}

void until_stopped(std::uint32_t process) {
    while (state_of(process) != 'T')
        ::sched_yield();
}

void until_asleep(thread_number thread) {
    while (!is_asleep(thread))
        ::sched_yield();
}

void forbid_system_calls() {
    constexpr auto allow = verdict(SECCOMP_RET_ALLOW);
    filter_calls({load_call_number, unless(SYS_exit_group), allow, verdict(SECCOMP_RET_KILL_PROCESS)});
}

void forbid_sleeping_by_the_wall_clock() {
    constexpr auto argument = [](unsigned i) {
        return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                                                                         i * sizeof(std::uint64_t)));
    };
    constexpr auto kill = verdict(SECCOMP_RET_KILL_PROCESS);
    constexpr auto allow = verdict(SECCOMP_RET_ALLOW);
    constexpr auto skip_unless = [](long call, std::uint8_t rules) {
        return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, rules);
    };
    constexpr sock_filter if_wall_clock = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 0, 1);
    constexpr sock_filter if_wall_clock_flag = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FUTEX_CLOCK_REALTIME, 0, 1);
    filter_calls({load_call_number, skip_unless(SYS_futex, 4), argument(1), if_wall_clock_flag, kill, allow,
                  skip_unless(SYS_timerfd_create, 4), argument(0), if_wall_clock, kill, allow,
                  skip_unless(SYS_clock_nanosleep, 4), argument(0), if_wall_clock, kill, allow, allow});
}

void sleep_a_moment_by_the_wall_clock() {
    timespec until{};
    ::clock_gettime(CLOCK_REALTIME, &until);
    const std::uint32_t word = 0;
    ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &until, nullptr, ~0u);
}

void refuse_write_flags() {
    filter_calls(
        {load_call_number, unless(SYS_pwritev2), verdict(SECCOMP_RET_ERRNO | EOPNOTSUPP), verdict(SECCOMP_RET_ALLOW)});
}

int killed_by_forbidden_call() {
    return -SIGSYS;
}

void use_up_descriptors(std::size_t but) {
    constexpr int all = 64;
    const rlimit few{all, all};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int last = 0; last >= 0 && last + 1 + static_cast<int>(but) < all;) // a copy takes the lowest number there is
        last = ::dup(STDERR_FILENO);
}

bool become_user(std::uint32_t user, std::uint32_t group) {
    return ::setgroups(0, nullptr) == 0 && ::setgid(group) == 0 && ::setuid(user) == 0;
}

bool become_nobody() {
    return become_user(65534, 65534);
}

bool enter_small_shared_memory(std::size_t bytes) {
    const auto size = "mode=1777,size=" + std::to_string(bytes);
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", "/dev/shm", "tmpfs", 0, size.c_str()) == 0;
}

bool enter_new_process_numbers() {
    ::setenv(numbers_are_foreign, "1", 1);
    return ::unshare(CLONE_NEWPID) == 0;
}

bool next_process_number(std::uint32_t number) {
    std::ofstream last("/proc/sys/kernel/ns_last_pid");
    last << number - 1 << std::flush;
    return static_cast<bool>(last);
}

} // namespace crosswake::test

// LeakSanitizer asks this before it looks for leaks, for which it looks its threads up in /proc.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() {
    return std::getenv(crosswake::test::numbers_are_foreign) != nullptr ? 1 : 0;
}
