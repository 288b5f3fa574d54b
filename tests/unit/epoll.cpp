// A reactor in an event loop that is nothing but epoll: what whoever has a loop of his own has to write.
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/sleeper.hpp>

#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

class epoll_loop {
public:
    explicit epoll_loop(reactor& r) : reactor_(r) {
        for (const auto handle : r.handles()) {
            epoll_event readable{};
            readable.events = EPOLLIN;
            REQUIRE(::epoll_ctl(all_, EPOLL_CTL_ADD, static_cast<int>(handle), &readable) == 0);
        }
    }
    epoll_loop(const epoll_loop&) = delete;
    epoll_loop& operator=(const epoll_loop&) = delete;
    ~epoll_loop() { ::close(all_); }

    void run_once() {
        epoll_event event{};
        ::epoll_wait(all_, &event, 1, milliseconds_until(reactor_.next_deadline()));
        reactor_.dispatch();
    }

private:
    static int milliseconds_until(deadline d) {
        if (d.is_never())
            return -1;
        const auto left = d.steady_ns() - deadline::after(0ns).steady_ns();
        return static_cast<int>(std::clamp<std::int64_t>(left / 1'000'000 + 1, 0, 3'600'000));
    }

    reactor& reactor_;
    int all_ = ::epoll_create1(EPOLL_CLOEXEC);
};

} // namespace

TEST_CASE("a reactor in a bare epoll loop is woken, times out, and sleeps in between") {
    named<semaphore> there{create_only, fresh_name()};
    named<semaphore> back{create_only, fresh_name()};
    sleeper other([&] {
        for (int i = 0; i < 200; ++i) {
            there->acquire();
            back->release();
        }
    });
    reactor r;
    epoll_loop loop(r);
    semaphore::acquire_operation op{*back};
    std::error_code error;
    for (int i = 0; i < 200; ++i) {
        remembered p;
        REQUIRE(r.start(p, op, error) == start_result::waiting);
        there->release();
        while (!p.is_over())
            loop.run_once();
        CHECK(p.result == wait_result::done);
    }
    const auto until = deadline::after(20ms);
    remembered late(until);
    REQUIRE(r.start(late, op, error) == start_result::waiting);
    while (!late.is_over())
        loop.run_once();
    CHECK(late.result == wait_result::timed_out);
    CHECK(deadline::after(0ns) >= until);
}
