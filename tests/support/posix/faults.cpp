#include <support/faults.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <stdexcept>
#include <thread>

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
    {"unlink", SYS_unlink},
    {"utimensat", SYS_utimensat},
    {"write", SYS_write},
};

const std::map<std::string, int> errors{
    {"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},
};

void require(bool ok, const char* what) {
    if (!ok)
        throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

/// The filter's file, if the verdict is that somebody is to be asked.
int filter(long call, std::uint32_t verdict, unsigned flags) {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, verdict),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(rules)), rules};
    require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
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
    require(filter(calls.at(call), SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(errors.at(error)), 0) == 0,
            "seccomp");
}

void refuse_call_once(const std::string& call, const std::string& error) {
    static std::atomic<int> listener{-1};
    const int number = errors.at(error);
    // Started before, lest its own start be refused.
    std::thread([number] {
        while (listener.load() < 0)
            std::this_thread::yield();
        for (bool first = true;; first = false) {
            seccomp_notif asked{};
            while (::ioctl(listener.load(), SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
                if (errno != EINTR && errno != ENOENT)
                    return;
            seccomp_notif_resp answer{};
            answer.id = asked.id;
            answer.error = first ? -number : 0;
            answer.flags = first ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            ::ioctl(listener.load(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
        }
    }).detach();
    const int file = filter(calls.at(call), SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    require(file >= 0, "seccomp");
    listener.store(file);
}

void become_opaque() {
    require(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "prctl");
}

bool enter_hiding_proc() {
    return mount_own("proc", "hidepid=2");
}

bool enter_empty_proc() {
    return mount_own("tmpfs", "size=4096");
}

} // namespace crosswake::test
