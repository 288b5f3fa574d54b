// Each operation, killed after each instruction at which it matters.
//
// The one who acts is a process of its own, and is killed right after each store to shared memory and each system
// call: in between, others cannot tell where it is. That is tried, too, here and there; CROSSWAKE_TEST_CRASH_STRIDE
// says after how many instructions (1: after every single one, which takes days). CROSSWAKE_TEST_LANDMARK_STRIDE has it
// killed at one landmark in so many, at others each time.
//
// Survivors look up as often as the library has them (CROSSWAKE_RECHECK_MS), and who goes on later than is promised is
// counted: a bystander from the kill, who comes later for the lock or for what is left from then on.
#include <crash/bounds.hpp>
#include <crash/play.hpp>

#include <support/seed.hpp>

#include <doctest/doctest.h>

#include <cstdio>

using namespace crosswake;
using namespace crosswake::test;

namespace {

using std::chrono::milliseconds;

/// Of one scene, played in one way: what docs/reliability.md has columns for.
struct tally {
    std::size_t kills = 0;
    std::size_t done = 0; // so late that its permit, its item is gone, or is there
    std::size_t stuck = 0;
    std::size_t lost = 0;
    std::size_t duplicated = 0;
    std::size_t left_behind = 0;
    std::size_t rechecks = 0; // somebody went on only because he looked up by himself
    std::size_t late = 0;
    milliseconds longest{0};
};

/// Does it, and sees how long somebody had to wait.
template <class Wait>
auto in_bounds(milliseconds bound, tally& t, Wait&& wait) {
    struct stopwatch {
        milliseconds bound;
        tally& t;
        std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
        ~stopwatch() {
            const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
            t.longest = std::max(t.longest, took);
            t.late += took > bound ? 1u : 0u;
            t.rechecks += took >= recheck_interval() ? 1u : 0u;
        }
    };
    const stopwatch runs{bound, t};
    return wait();
}

void check_door(play& p, bool somebody_died_inside, tally& t) {
    auto& b = p.s.b;
    const auto got = in_bounds(bound_of_a_locks_next_owner, t,
                               [&] { return in_time([&](auto limit) { return b.door.try_lock_for(limit); }); });
    if (!got) {
        ++t.stuck;
        return;
    }
    CHECK(*got == (somebody_died_inside ? lock_status::acquired_from_dead_owner : lock_status::acquired));
    CHECK((somebody_died_inside || b.left == b.right));
    b.left = b.right;
    b.door.mark_sound();
    b.door.unlock();
}

/// What the actor had when it died.
struct possessions {
    bool the_door;
    bool an_item;
};

void check_survivors(const scene& what, play& p, possessions of_the_dead, bool was_over, tally& t) {
    const bool is_for_a_lock = what.of == books::door;
    in_bounds(is_for_a_lock ? bound_of_a_locks_next_owner : bound_of_everybody_else, t, [&] { p.settle(); });
    if (is_for_a_lock)
        check_door(p, of_the_dead.the_door || what.prepare == stages::haunt_the_door, t);
    const auto balance = in_bounds(bound_of_everybody_else, t, [&] { return p.balance(); });

    // All of it or nothing; what is missing beyond that is lost, what is there beyond that is there twice.
    const auto effect = what.is_in_hand ? 0 : what.effect;
    const auto effect_in_the_end = what.is_in_hand ? 0 : p.effect();
    CHECK((was_over ? balance == effect_in_the_end : balance == effect || balance == 0));
    t.done += effect != 0 && balance == effect ? 1u : 0u;
    t.lost += balance < std::min(effect, 0) || (balance > 0 && balance < effect) ? 1u : 0u;
    t.duplicated += balance > std::max(effect, 0) || p.an_item_came_twice() ? 1u : 0u;
    const auto came_again = p.s.that_came_again().size();
    CHECK(came_again >= (of_the_dead.an_item ? 1 : 0));
    CHECK(came_again <= 1);
    CHECK(p.items_are_whole());
    CHECK(p.items_are_in_order());
    t.stuck += p.somebody_is_stuck() ? 1u : 0u;
    REQUIRE(t.stuck == 0);
    CHECK(child{"come_later", {p.name()}}.wait() == 0);
}

enum class killed : unsigned char { in_between, at_a_landmark, after_the_end };

/// What somebody is about to give up waiting for comes before that landmark, if it waits by then.
killed kill_after(std::size_t landmarks, std::size_t instructions, std::size_t given_before, const scene& what,
                  const char* way, const char* way_of_bystanders, tally& t) {
    std::string name;
    auto where = killed::in_between;
    {
        play p{what, way, way_of_bystanders};
        name = p.name();
        for (std::size_t n = 0; n <= landmarks && where != killed::after_the_end; ++n) {
            if (n == given_before && what.is_given_up)
                p.give();
            if (n != landmarks && !p.step())
                where = killed::after_the_end;
        }
        if (where != killed::after_the_end && !p.creep(instructions))
            where = killed::at_a_landmark;
        const possessions of_the_actor{p.actor_owns_the_door(), p.actor_has_an_item()};
        p.actor().kill();
        ++t.kills;
        check_survivors(what, p, of_the_actor, where == killed::after_the_end, t);
    }
    t.left_behind += objects_left(name);
    return where;
}

} // namespace

TEST_CASE("an operation killed at any instruction is done or not begun, and whoever lives goes on") {
    const auto stride = knob("CROSSWAKE_TEST_CRASH_STRIDE", 0);
    const auto landmark_stride = knob("CROSSWAKE_TEST_LANDMARK_STRIDE", 1);
    auto random = generator();
    std::printf("| operation | it | others | kills | done | stuck | lost | twice | left | re-checks | late | longest, "
                "ms |\n");
    for_each_scene([&](const scene& what, const char* way, const char* way_of_bystanders) {
        const auto& scene = what.name;
        const std::string ways = std::string(way) + ", others: " + way_of_bystanders;
        CAPTURE(scene);
        CAPTURE(ways);
        tally t;
        const auto kill = [&](std::size_t landmarks, std::size_t instructions) {
            return kill_after(landmarks, instructions, random() % (landmarks + 1), what, way, way_of_bystanders, t);
        };
        for (auto n = random() % landmark_stride; kill(n, 0) != killed::after_the_end; n += landmark_stride)
            if (stride == 0 && random() % 10 == 0)
                kill(n, 1 + random() % 400);
            else if (stride != 0)
                for (auto i = 1 + random() % stride; kill(n, i) == killed::in_between;)
                    i += stride;
        CHECK(t.stuck == 0);
        CHECK(t.lost == 0);
        CHECK(t.duplicated == 0);
        CHECK(t.left_behind == 0);
        CHECK((t.late == 0 || !being_late_fails()));
        std::printf("| %s | %s | %s | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %lld |\n", what.name.c_str(),
                    what.wake == nullptr ? "" : way, what.beside == nullptr ? "" : way_of_bystanders, t.kills, t.done,
                    t.stuck, t.lost, t.duplicated, t.left_behind, t.rechecks, t.late,
                    static_cast<long long>(t.longest.count()));
        std::fflush(stdout);
    });
}
