#include <support/held_ring.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <thread>
#include <utility>

namespace crosswake::test {

// The kernel holds a system call back until somebody who listens lets it go on. Bells are sounded with pwritev2, and
// nothing else in a test is.
bool hold_rings(std::function<void()> held) {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(rules)), rules};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        return false;
    std::thread([fd = static_cast<int>(listener), held = std::move(held)] {
        for (;;) {
            seccomp_notif call{};
            if (::ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
                if (errno == EINTR || errno == ENOENT)
                    continue;
                return;
            }
            held();
            seccomp_notif_resp answer{};
            answer.id = call.id;
            answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            ::ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
        }
    }).detach();
    return true;
}

} // namespace crosswake::test
