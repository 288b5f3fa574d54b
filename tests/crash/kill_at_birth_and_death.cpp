// A process killed at any instruction while it creates, opens or leaves an object, or clears away a dead one.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/stepped_child.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

using namespace crosswake;
using namespace crosswake::test;

// args: name.
CROSSWAKE_ROLE(come_and_go) {
    stepped_child::begin();
    { const named<semaphore> s{open_or_create, args[0], 3}; }
    stepped_child::end();
    return 0;
}

CROSSWAKE_ROLE(create_and_die) {
    const named<semaphore> s{create_only, args[0], 5};
    child::kill_myself();
}

namespace {

enum class before : unsigned char { nothing, a_living_one, a_dead_one };

/// Runs it to so many landmarks and kills it there. false: it was over before.
bool kill_after(std::size_t landmarks, before what) {
    const auto name = fresh_name();
    std::optional<named<semaphore>> living;
    if (what == before::a_living_one)
        living.emplace(create_only, name, 4);
    if (what == before::a_dead_one)
        child{"create_and_die", {name}}.wait();

    bool goes_on = true;
    {
        stepped_child c{"come_and_go", {name}};
        while (landmarks-- > 0 && goes_on)
            goes_on = c.next() != stepped_child::step::over;
        c.kill();
    }
    {
        // Whatever the dead have left is nobody's, and makes way: this one is fresh, unless somebody else lives.
        const named<semaphore> mine{open_or_create, name, 7};
        CHECK(mine->available() == (living ? 4 : 7));
        const named<semaphore> again{open_only, name};
        mine->release();
        CHECK(again->available() == mine->available());
        if (living)
            CHECK((*living)->available() == 5);
    }
    CHECK(raw_object::exists(name) == living.has_value());
    living.reset();
    CHECK_FALSE(raw_object::exists(name));
    return goes_on;
}

} // namespace

TEST_CASE("whoever is killed while it creates, opens or leaves an object leaves nothing that is in anybody's way") {
    const auto stride = knob("CROSSWAKE_TEST_LANDMARK_STRIDE", 1);
    auto random = generator();
    for (const auto what : {before::nothing, before::a_living_one, before::a_dead_one}) {
        CAPTURE(what);
        std::size_t kills = 1;
        for (auto n = random() % stride; kill_after(n, what); n += stride)
            ++kills;
        std::printf("%zu kills\n", kills);
    }
}
