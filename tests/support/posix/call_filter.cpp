#include <support/posix/call_filter.hpp>

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace crosswake::test {
namespace {

/// The listener, if the flags ask for one. -1: refused.
int install(std::vector<sock_filter> rules, unsigned flags) {
    const sock_fprog program{static_cast<unsigned short>(rules.size()), rules.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

void answer_all(int listener, const std::function<int()>& answer) {
    for (;;) {
        seccomp_notif asked{};
        while (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
            if (errno != EINTR && errno != ENOENT)
                return;
        const int error = answer();
        seccomp_notif_resp said{};
        said.id = asked.id;
        said.error = -error;
        said.flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
        ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
    }
}

} // namespace

void filter_calls(std::vector<sock_filter> rules) {
    if (install(std::move(rules), 0) != 0)
        throw std::runtime_error(std::string("seccomp: ") + std::strerror(errno));
}

bool ask_before(long call, std::function<int()> answer) {
    constexpr int not_yet = -2;
    const auto listener = std::make_shared<std::atomic<int>>(not_yet);
    // Started before there is a filter, which it would inherit.
    std::thread([listener, answer = std::move(answer)] {
        while (listener->load() == not_yet)
            std::this_thread::yield();
        answer_all(listener->load(), answer);
    }).detach();
    const int file =
        install({load_call_number, unless(call), verdict(SECCOMP_RET_USER_NOTIF), verdict(SECCOMP_RET_ALLOW)},
                SECCOMP_FILTER_FLAG_NEW_LISTENER);
    listener->store(file);
    return file >= 0;
}

} // namespace crosswake::test
