// Finding another process's bell through /proc, and ringing it.
#include <backend/peer_bell.hpp>
#include <backend/process.hpp>

#include <posix/fd.hpp>
#include <posix/mailbox_page.hpp>
#include <posix/proc.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>

#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x00000100 // newer than the headers of most systems; older kernels refuse it and are asked once
#endif

namespace crosswake::posix {
namespace {

using namespace backend;

/// Writes one byte; a reader that is gone must not kill the writer with SIGPIPE, nor may the process's disposition of
/// that signal be touched.
bool write_without_signal(int pipe) noexcept {
    static std::atomic<bool> kernel_knows_nosignal{true};
    char byte = 1;
    if (kernel_knows_nosignal.load(std::memory_order_relaxed)) {
        const iovec bytes{&byte, 1};
        if (::pwritev2(pipe, &bytes, 1, -1, RWF_NOSIGNAL) == 1 || errno == EAGAIN)
            return true; // full: then it is ringing already
        if (errno == EPIPE)
            return false;
        if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)
            kernel_knows_nosignal.store(false, std::memory_order_relaxed);
    }
    sigset_t sigpipe;
    sigset_t pending;
    sigset_t before;
    ::sigemptyset(&sigpipe);
    ::sigaddset(&sigpipe, SIGPIPE);
    if (::sigpending(&pending) != 0 || ::pthread_sigmask(SIG_BLOCK, &sigpipe, &before) != 0)
        return false; // the system refuses what it takes
    const bool rung = ::write(pipe, &byte, 1) == 1 || errno == EAGAIN;
    if (!rung && errno == EPIPE && !::sigismember(&pending, SIGPIPE)) {
        const timespec at_once{};
        int taken = 0;
        while ((taken = ::sigtimedwait(&sigpipe, nullptr, &at_once)) < 0 && errno == EINTR) {
        }
        if (taken < 0)
            return false; // it stays blocked, since it would end the process
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return rung;
}

class pipe_peer final : public peer_bell {
public:
    pipe_peer(fd pipe, std::shared_ptr<mailbox_page> page) noexcept : pipe_(std::move(pipe)), page_(std::move(page)) {}

    [[nodiscard]] std::byte* mailbox() const noexcept override { return page_->notes(); }
    [[nodiscard]] bool ring() noexcept override { return write_without_signal(pipe_.get()); }
    [[nodiscard]] bool seems_dead() noexcept override {
        pollfd p{pipe_.get(), 0, 0};
        return ::poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
    }

private:
    fd pipe_;
    std::shared_ptr<mailbox_page> page_;
};

/// Why something of that process cannot be opened.
peer_bell::found why_not(int e, std::uint32_t pid) noexcept {
    if (e != ENOENT && e != ESRCH && e != ENXIO)
        return peer_bell::found::unreachable;
    // A /proc that hides other users' processes says the same of what is hidden as of what is not there.
    char path[24];
    struct stat there {};
    std::snprintf(path, sizeof path, "/proc/%u", pid);
    const bool is_hidden = ::stat(path, &there) != 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
    return is_hidden ? peer_bell::found::unreachable : peer_bell::found::dead;
}

/// Opens what another process has open, first without the right to write: the number may lead anywhere by now.
fd look_at(std::uint32_t pid, int number, struct stat& identity) noexcept {
    char path[48];
    std::snprintf(path, sizeof path, "/proc/%u/fd/%d", pid, number);
    fd found(::open(path, O_PATH | O_CLOEXEC));
    if (found && ::fstat(found.get(), &identity) != 0)
        found.reset();
    return found;
}

fd open_for_writing(const fd& looked_at, int flags) noexcept {
    char path[40];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", looked_at.get());
    return fd(::open(path, flags | O_CLOEXEC | O_NONBLOCK));
}

std::unique_ptr<peer_bell> find_other(detail::owner_token who, bell_address address, peer_bell::found& result) {
    const auto pid = unpack(who).pid;
    struct stat identity {};
    const fd seen = look_at(pid, descriptor_in(address), identity);
    if (!seen) {
        result = why_not(errno, pid);
        return nullptr;
    }
    result = peer_bell::found::dead; // whatever else is there under that number, the bell is not
    if (!S_ISREG(identity.st_mode) || identity.st_size != static_cast<off_t>(mailbox_page::bytes))
        return nullptr;
    const fd memory = open_for_writing(seen, O_RDWR);
    if (!memory) {
        result = why_not(errno, pid);
        return nullptr;
    }
    constexpr int needed = F_SEAL_SHRINK | F_SEAL_GROW;
    const int seals = ::fcntl(memory.get(), F_GET_SEALS);
    if (seals < 0 && errno != EINVAL) // that would be a file system that knows no seals
        result = peer_bell::found::unreachable;
    if (seals < 0 || (seals & needed) != needed)
        return nullptr;
    auto page = std::make_shared<mailbox_page>(memory);
    if (!*page) {
        result = peer_bell::found::unreachable;
        return nullptr;
    }
    const auto header = page->header();
    if (header.magic != mailbox_header::right_magic || header.owner != who || header.address != address)
        return nullptr;
    const fd seen_pipe = look_at(pid, header.pipe, identity);
    if (!seen_pipe) {
        result = why_not(errno, pid);
        return nullptr;
    }
    if (!S_ISFIFO(identity.st_mode) || identity.st_ino != header.pipe_inode)
        return nullptr;
    fd pipe = open_for_writing(seen_pipe, O_WRONLY);
    if (!pipe) {
        result = why_not(errno, pid);
        return nullptr;
    }
    result = peer_bell::found::yes;
    return ringer_of(std::move(pipe), std::move(page));
}

} // namespace

std::unique_ptr<peer_bell> ringer_of(fd pipe, std::shared_ptr<mailbox_page> page) {
    return std::make_unique<pipe_peer>(std::move(pipe), std::move(page));
}

} // namespace crosswake::posix

namespace crosswake::backend {

using namespace posix;

std::unique_ptr<peer_bell> peer_bell::find(detail::owner_token who, bell_address address, found& result) {
    const auto me = detail::this_process();
    if (address == 0 || who == me) {
        result = found::dead;
        return nullptr;
    }
    if (unpack(who).pid_namespace != unpack(me).pid_namespace || !proc_is_ours()) {
        result = found::unreachable;
        return nullptr;
    }
    return find_other(who, address, result);
}

} // namespace crosswake::backend
