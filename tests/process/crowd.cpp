// Members of the crowd who are killed: their seats are free for others, and what was meant for them goes to others. All
// that without a re-check.
#include <support/child.hpp>
#include <support/crowd.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>

#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct square {
    semaphore here;
    semaphore first;
    semaphore second;
};

using permit_wait = begun_wait<semaphore::acquire_operation>;

} // namespace

CROSSWAKE_ROLE(wait_in_the_crowd) {
    named<square> q{open_only, args[0]};
    reactor r;
    permit_wait w{r, q->first};
    if (!w.is_waiting())
        return 1;
    q->here.release();
    w.until_over();
    return 0;
}

TEST_CASE(
    "whoever comes next takes the seat of a member who was killed, and inherits nothing of what that one awaited") {
    const auto name = fresh_name();
    named<square> q{create_only, name};
    send_to_the_crowd(&*q);
    for (int i = 0; i < 20; ++i) {
        child member{"wait_in_the_crowd", {name}};
        q->here.acquire();
        member.kill();
        reactor r;
        permit_wait w{r, q->second};
        REQUIRE(w.is_waiting());
        CHECK(crowd_used(&*q) == 1);
        const auto& says = crowd_seat(&*q, 0);
        CHECK(says.seat.owner.load() == detail::this_process());
        CHECK(says.named[0].load() != 0);
        CHECK(says.named[1].load() == 0);
        q->second.release();
        CHECK(w.until_over() == wait_result::done);
    }
}

TEST_CASE("whoever rings a member who was killed frees its seat, and keeps what was meant for it") {
    const auto name = fresh_name();
    named<square> q{create_only, name};
    send_to_the_crowd(&*q);
    for (int i = 0; i < 20; ++i) {
        child member{"wait_in_the_crowd", {name}};
        q->here.acquire();
        member.kill();
        q->first.release();
        CHECK(crowd_used(&*q) == 1);
        CHECK(crowd_seat(&*q, 0).seat.owner.load() == detail::nobody);
        CHECK(crowd_seat(&*q, 0).named[0].load() == 0);
        CHECK(q->first.try_acquire());
    }
}

TEST_CASE("a ring that comes to a member who was killed goes on to one who lives") {
    const auto name = fresh_name();
    named<square> q{create_only, name};
    send_to_the_crowd(&*q);
    for (int i = 0; i < 20; ++i) {
        child dead{"wait_in_the_crowd", {name}};
        q->here.acquire();
        child alive{"wait_in_the_crowd", {name}};
        q->here.acquire();
        dead.kill();
        q->first.release();
        CHECK(alive.wait() == 0);
        CHECK(q->first.available() == 0);
        CHECK(crowd_used(&*q) == 2);
    }
}
