// The loop on Linux: epoll.
#include <support/poll_loop.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace crosswake::test {
namespace {

int descriptor(native_handle h) {
    return static_cast<int>(h);
}

[[noreturn]] void complain(const char* call) {
    throw std::runtime_error(std::string(call) + ": " + std::strerror(errno));
}

/// Until the deadline, for epoll_wait: whole milliseconds, rounded up; -1 for never.
int milliseconds_until(deadline d) {
    if (d.is_never())
        return -1;
    const auto now = deadline::after(std::chrono::nanoseconds(0)).steady_ns();
    const auto left = d.steady_ns() <= now ? 0 : (d.steady_ns() - now + 999'999) / 1'000'000;
    return static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

} // namespace

poll_loop::poll_loop(reactor& r) : reactor_(&r), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0)
        complain("epoll_create1");
    for (const auto h : r.handles()) {
        epoll_event e{};
        e.events = EPOLLIN;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor(h), &e) != 0)
            complain("epoll_ctl");
    }
}

poll_loop::~poll_loop() {
    ::close(epoll_);
}

void poll_loop::run_once() {
    epoll_event e{};
    if (::epoll_wait(epoll_, &e, 1, milliseconds_until(reactor_->next_deadline())) < 0 && errno != EINTR)
        complain("epoll_wait");
    reactor_->dispatch();
}

bool poll_loop::is_ringing() const {
    pollfd p{epoll_, POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
}

wait_result poll_loop::await(operation& op, deadline until) {
    remembered p{until};
    std::error_code error;
    switch (reactor_->start(p, op, error)) {
    case start_result::done:
        return wait_result::done;
    case start_result::timed_out:
        return wait_result::timed_out;
    case start_result::failed:
        throw std::system_error(error, "reactor::start");
    case start_result::waiting:
        break;
    }
    run_until([&] { return p.is_over(); });
    return p.result;
}

struct waiter::loop {
    reactor its;
    poll_loop runs{its};
};

waiter::waiter(const std::string& way) : loop_(way == "awaits" ? std::make_unique<loop>() : nullptr) {}
waiter::~waiter() = default;

wait_result waiter::wait(operation& op, deadline until) {
    if (loop_ != nullptr)
        return loop_->runs.await(op, until);
    return crosswake::wait(op, until) ? wait_result::done : wait_result::timed_out;
}

} // namespace crosswake::test
