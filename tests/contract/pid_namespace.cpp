// CONTRACT process, among other process numbers.
#include <contract/theatre.hpp>

#include <support/child.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/process.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

CROSSWAKE_ROLE(live_elsewhere) {
    if (!enter_new_process_numbers()) {
        named<stage> {
            open_only, args[1]
            } -> ready.release();
        return not_permitted_here;
    }
    child c{"live", args};
    named<stage> s{open_only, args[1]};
    // The first process among other numbers dies with its parent's call only.
    named<semaphore> kill{open_only, args[1] + "-kill"};
    kill->acquire();
    c.kill();
    return 0;
}

TEST_CASE("a process among other process numbers is told apart, and told alive from dead, by its hold on the region") {
    theatre t;
    named<semaphore> kill{create_only, t.stage_name + "-kill"};
    auto c = t.start("live_elsewhere");
    if (t.s->token.load() == 0) {
        CHECK_FALSE(permitted(c.wait()));
        return;
    }
    CHECK(unpack(t.s->token.load()).pid_namespace != unpack(detail::this_process()).pid_namespace);
    CHECK(t.look() == life::alive);
    kill->release();
    CHECK(c.wait() == 0);
    CHECK(t.look() == life::dead);
}
