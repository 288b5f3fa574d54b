#include <support/handles.hpp>

#include <posix/fd.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace crosswake::test {
namespace {

/// Whole milliseconds, rounded up; -1 for never.
int milliseconds_until(deadline d) {
    if (d.is_never())
        return -1;
    const auto now = deadline::after(std::chrono::nanoseconds(0)).steady_ns();
    const auto left = d.steady_ns() <= now ? 0 : (d.steady_ns() - now + 999'999) / 1'000'000;
    return static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

/// As any event loop does it.
bool wait_for_any(std::span<const native_handle> handles, int milliseconds) {
    const posix::fd all(::epoll_create1(EPOLL_CLOEXEC));
    for (const auto h : handles) {
        epoll_event readable{};
        readable.events = EPOLLIN;
        if (::epoll_ctl(all.get(), EPOLL_CTL_ADD, static_cast<int>(h), &readable) != 0)
            throw std::system_error(errno, std::system_category(), "epoll_ctl");
    }
    epoll_event event{};
    return ::epoll_wait(all.get(), &event, 1, milliseconds) == 1;
}

} // namespace

bool is_ready(native_handle h) {
    return wait_for_any({&h, 1}, 0);
}

void until_ready(std::span<const native_handle> any, deadline until) {
    wait_for_any(any, milliseconds_until(until));
}

} // namespace crosswake::test
