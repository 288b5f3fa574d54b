// Sleepers that were killed in their sleep: they are out of nobody's way, and no re-check is needed for that.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct gate {
    semaphore permits;
    event opened{reset_mode::manual};
    semaphore about_to;
    semaphore passed;
};

} // namespace

// args: way, gate, "permit" or "event".
CROSSWAKE_ROLE(pass_the_gate) {
    waiter w{args[0]};
    named<gate> g{open_only, args[1]};
    g->about_to.release();
    semaphore::acquire_operation permit{g->permits};
    event::wait_operation opened{g->opened};
    if (w.wait(args[2] == "permit" ? static_cast<operation&>(permit) : opened) != wait_result::done)
        return 1;
    g->passed.release();
    return 0;
}

namespace {

std::vector<child> asleep_before(named<gate>& g, const std::string& name, const char* way, const char* what,
                                 int count) {
    std::vector<child> all;
    for (int i = 0; i < count; ++i) {
        all.emplace_back("pass_the_gate", std::vector<std::string>{way, name, what});
        g->about_to.acquire();
        until_asleep(all.back().pid());
    }
    return all;
}

} // namespace

TEST_CASE("a wake-up for one goes to a sleeper that lives, whichever others were killed") {
    auto random = generator();
    for (int round = 0; round < 10; ++round)
        for (const auto* const way : both_ways) {
            CAPTURE(way);
            const auto name = fresh_name();
            named<gate> g{create_only, name};
            auto sleepers = asleep_before(g, name, way, "permit", 5);
            for (int i = 0; i < 3; ++i) {
                const auto victim = sleepers.begin() + static_cast<std::ptrdiff_t>(random() % sleepers.size());
                victim->kill();
                sleepers.erase(victim);
            }
            for (std::size_t i = 0; i < sleepers.size(); ++i) {
                g->permits.release();
                g->passed.acquire();
            }
            for (auto& s : sleepers)
                CHECK(s.wait() == 0);
            CHECK(g->permits.available() == 0);
        }
}

TEST_CASE(
    "a thread asleep in one process gets the wake-up when the reactor that awaits in another was killed, and back") {
    for (const bool thread_dies : {false, true}) {
        CAPTURE(thread_dies);
        const auto name = fresh_name();
        named<gate> g{create_only, name};
        auto blocked = asleep_before(g, name, "blocks", "permit", 1);
        auto awaiting = asleep_before(g, name, "awaits", "permit", 1);
        auto& victim = thread_dies ? blocked : awaiting;
        auto& survivor = thread_dies ? awaiting : blocked;
        victim.front().kill();
        g->permits.release();
        CHECK(survivor.front().wait() == 0);
    }
}

TEST_CASE("an event for all reaches everyone who lives, among many who were killed") {
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<gate> g{create_only, name};
        auto sleepers = asleep_before(g, name, way, "event", 8);
        for (std::size_t i = 0; i < sleepers.size(); i += 2)
            sleepers[i].kill();
        g->opened.set();
        for (std::size_t i = 1; i < sleepers.size(); i += 2)
            CHECK(sleepers[i].wait() == 0);
        CHECK(g->passed.available() == 4);
    }
}

TEST_CASE("more reactors than an object has seats can come, wait and be killed one after the other") {
    const auto name = fresh_name();
    named<gate> g{create_only, name};
    constexpr int more_than_seats = 70;
    for (int i = 0; i < more_than_seats; ++i)
        asleep_before(g, name, "awaits", "permit", 1).front().kill();
    auto last = asleep_before(g, name, "awaits", "permit", 1);
    g->permits.release();
    CHECK(last.front().wait() == 0);
}
