// CONTRACT bell, where bells are events with a name: what somebody else may have put under it.
#include <support/belfry.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/squatter.hpp>

#include <backend/process.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

CROSSWAKE_ROLE(be_somebody) {
    named<tower> t{open_only, args[0]};
    t->token.store(detail::this_process());
    t->ready.release();
    t->next.acquire();
    return 0;
}

TEST_CASE("what was put under a bell's names is not taken for one, unless it is one in all respects") {
    const auto name = fresh_name();
    named<tower> t{create_only, name};
    child c{"be_somebody", {name}};
    t->ready.acquire();
    for (const auto& trick : bell_squatter::tricks()) {
        CAPTURE(trick.name);
        const auto address = random_number() >> 1;
        const bell_squatter s(t->token.load(), address, trick);
        if (!permitted(s ? 0 : not_permitted_here))
            continue;
        // That it is not yet known to be otherwise tells it from either answer.
        for (auto found : {peer_bell::found::yes, peer_bell::found::dead, peer_bell::found::unreachable}) {
            const auto peer = peer_bell::find(t->token.load(), address, found);
            CHECK((peer != nullptr) == (trick.found == peer_bell::found::yes));
            CHECK(found == trick.found);
        }
    }
    t->next.release();
    CHECK(c.wait() == 0);
}
