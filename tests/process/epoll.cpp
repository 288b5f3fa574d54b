// A reactor in an event loop that is nothing but epoll: what whoever has a loop of his own has to write.
#include <support/acquire_and_answer.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>

#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
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

TEST_CASE("a reactor in a bare epoll loop is woken by another process, times out, and sleeps in between") {
    const auto there = fresh_name();
    const auto back = fresh_name();
    named<semaphore> question{create_only, there};
    named<semaphore> answer{create_only, back};
    constexpr int rounds = 200;
    child other{"acquire_and_answer", {there, back, std::to_string(rounds)}};
    reactor r;
    epoll_loop loop(r);
    int turns = 0;
    const auto run_until_over = [&](const remembered& p) {
        for (; !p.is_over(); ++turns)
            loop.run_once();
    };
    semaphore::acquire_operation op{*answer};
    std::error_code error;
    for (int i = 0; i < rounds; ++i) {
        remembered p;
        REQUIRE(r.start(p, op, error) == start_result::waiting);
        question->release();
        run_until_over(p);
        CHECK(p.result == wait_result::done);
    }
    CHECK(other.wait() == 0);
    const auto until = deadline::after(20ms);
    remembered late(until);
    REQUIRE(r.start(late, op, error) == start_result::waiting);
    run_until_over(late);
    CHECK(late.result == wait_result::timed_out);
    CHECK(deadline::after(0ns) >= until);
    CHECK(turns <= 4 * rounds); // each because it was rung, or the deadline had come
}
