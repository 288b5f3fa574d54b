#include <support/poll_loop.hpp>

#include <support/handles.hpp>

#include <algorithm>

namespace crosswake::test {

void poll_loop::run_once(deadline at_the_latest) {
    until_ready(reactor_->handles(), std::min(reactor_->next_deadline(), at_the_latest));
    reactor_->dispatch();
}

bool poll_loop::is_ringing() const {
    return is_any_ready(reactor_->handles());
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
