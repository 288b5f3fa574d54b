#include <support/faults.hpp>

#include <support/posix/call_filter.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>

namespace crosswake::test {
namespace {

#ifdef SYS_newfstatat
constexpr long stat_call = SYS_newfstatat;
#else
constexpr long stat_call = SYS_fstatat64; // in 32-bit processes
#endif

const std::map<std::string, long> calls{
    {"close", SYS_close},
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_ctl", SYS_epoll_ctl},
    {"epoll_wait", SYS_epoll_wait},
    {"fallocate", SYS_fallocate},
    {"fchmod", SYS_fchmod},
    {"fcntl", SYS_fcntl},
    {"flock", SYS_flock},
    {"ftruncate", SYS_ftruncate},
    {"futex", SYS_futex},
    {"getdents64", SYS_getdents64},
    {"getrandom", SYS_getrandom},
    {"inotify_add_watch", SYS_inotify_add_watch},
    {"inotify_init1", SYS_inotify_init1},
    {"inotify_rm_watch", SYS_inotify_rm_watch},
    {"kill", SYS_kill},
    {"linkat", SYS_linkat},
    {"lseek", SYS_lseek},
    {"madvise", SYS_madvise},
    {"memfd_create", SYS_memfd_create},
    {"mmap", SYS_mmap},
    {"munmap", SYS_munmap},
    {"newfstatat", stat_call},
    {"openat", SYS_openat},
    {"pidfd_open", SYS_pidfd_open},
    {"pipe2", SYS_pipe2},
    {"poll", SYS_poll},
    {"ppoll", SYS_ppoll},
    {"pwrite64", SYS_pwrite64},
    {"pwritev2", SYS_pwritev2},
    {"read", SYS_read},
    {"readlink", SYS_readlink},
    {"rt_sigpending", SYS_rt_sigpending},
    {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait},
    {"unlink", SYS_unlink},
    {"utimensat", SYS_utimensat},
    {"write", SYS_write},
};

/// They cannot fail, or are the C library's own: its heap, its fork and how it ends.
constexpr long beside_those[] = {
    SYS_getpid, SYS_gettid, SYS_geteuid, SYS_getegid,         SYS_clock_gettime, SYS_brk,  SYS_mprotect,
    SYS_clone,  SYS_clone3, SYS_wait4,   SYS_set_robust_list, SYS_rseq,          SYS_exit, SYS_exit_group,
};

const std::map<std::string, int> errors{
    {"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},
};

std::atomic<std::size_t> calls_made{0};
std::atomic<std::size_t> refused_call{0}; // from 1 on

void name_the_unknown_call(int /*signal*/, siginfo_t* what, void* /*where*/) {
    char text[64];
    const int length = std::snprintf(text, sizeof text, "a call that is in no list: %d\n", what->si_syscall);
    if (::write(STDERR_FILENO, text, static_cast<std::size_t>(length)) != length)
        std::abort();
    ::_exit(98);
}

bool mount_own(const char* what, const char* options) {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(what, "/proc", what, 0, options) == 0;
}

template <class Map>
std::vector<std::string> names_in(const Map& all) {
    std::vector<std::string> names;
    for (const auto& [name, number] : all)
        names.push_back(name);
    return names;
}

} // namespace

std::vector<std::string> kernel_calls() {
    return names_in(calls);
}

std::vector<std::string> kernel_errors() {
    return names_in(errors);
}

void refuse_call(const std::string& call, const std::string& error) {
    const auto refused = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(errors.at(error));
    filter_calls({load_call_number, unless(calls.at(call)), verdict(refused), verdict(SECCOMP_RET_ALLOW)});
}

bool refuse_nth_call(const std::string& call, const std::string& error, std::size_t n) {
    refused_call = n;
    return ask_before(calls.at(call),
                      [number = errors.at(error)] { return ++calls_made == refused_call ? number : 0; });
}

std::size_t grant_all_calls() {
    refused_call = 0;
    return calls_made;
}

void forbid_unknown_calls() {
    struct sigaction action {};
    action.sa_sigaction = name_the_unknown_call;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSYS, &action, nullptr);
    std::vector<sock_filter> rules{load_call_number};
    const auto allow = [&rules](long call) {
        rules.push_back(unless(call));
        rules.push_back(verdict(SECCOMP_RET_ALLOW));
    };
    for (const auto& [name, number] : calls)
        allow(number);
    for (const auto number : beside_those)
        allow(number);
    rules.push_back(verdict(SECCOMP_RET_TRAP));
    filter_calls(std::move(rules));
}

void become_opaque() {
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        throw std::runtime_error(std::string("prctl: ") + std::strerror(errno));
}

bool enter_hiding_proc() {
    return mount_own("proc", "hidepid=2");
}

bool enter_empty_proc() {
    return mount_own("tmpfs", "size=4096");
}

} // namespace crosswake::test
