// Each operation, stopped after each instruction at which it matters, while others go on. It lives: nothing is taken
// away from it, and when it goes on, all has come out even.
//
// The re-check is an hour away: a wake-up that a stopped process owes to somebody is made good by the next one.
#include <crash/play.hpp>

#include <support/seed.hpp>

#include <doctest/doctest.h>

#include <cstdio>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

/// Of one scene, played in one way: what docs/reliability.md has columns for.
struct tally {
    std::size_t stops = 0;
    std::size_t holding = 0;     // something that others want, while it was stopped
    std::size_t robbed = 0;      // of these: somebody else had it, or was where it is
    std::size_t stuck = 0;       // with it stopped, somebody who needs nothing of it; or later, anybody
    std::size_t lost = 0;        // in the end, when all is over
    std::size_t duplicated = 0;  // the same
    std::size_t overwritten = 0; // torn or swapped items, two inside a lock, a death told that was none, or not told

    [[nodiscard]] bool is_clean() const { return robbed + stuck + lost + duplicated + overwritten == 0; }
};

void count(std::size_t& column, bool it_is_so) {
    column += it_is_so ? 1u : 0u;
}

/// false: it took too long.
template <class Done>
bool until(Done done) {
    const auto given_up = std::chrono::steady_clock::now() + stuck_after;
    while (!done()) {
        if (std::chrono::steady_clock::now() > given_up)
            return false;
        std::this_thread::yield();
    }
    return true;
}

void see_all_get_through(play& p, tally& t) {
    count(t.stuck, !until([&] { return p.all_through(); }) || p.somebody_is_stuck());
}

/// Long enough for several looks at whether the owner lives.
constexpr auto a_while = 250ms;

void try_the_door(play& p, const scene& what, bool wakes_others, tally& t) {
    auto& b = p.s.b;
    if (p.s.holds_door)
        return;
    if (p.actor_owns_the_door()) {
        ++t.holding;
        count(t.robbed, b.door.try_lock().has_value());
        count(t.robbed, b.door.try_lock_for(what.beside == nullptr ? a_while : 1ms).has_value());
        if (wakes_others)
            count(t.robbed, p.all_through());
        return;
    }
    waiter w{"blocks"};
    count(t.overwritten, !go_inside(w, b));
    b.door.unlock();
    if (wakes_others)
        see_all_get_through(p, t);
}

/// The actor is inside push (or pop), if it holds that end of the queue: then nobody else gets in there.
void try_the_belt(play& p, const scene& what, bool wakes_others, tally& t) {
    auto& s = p.s;
    const auto try_once = [&] { return what.effect > 0 ? s.try_push() : s.try_pop(); };
    if (p.actor_is_at_an_end()) {
        ++t.holding;
        count(t.robbed, try_once());
        if (!wakes_others && what.effect == 1)
            count(t.robbed, s.b.belt.push_for(a_while, crate::make(0)));
        if (what.effect > 0 && s.try_pop())
            count(t.robbed, s.try_push());
    } else if (wakes_others) {
        for (int i = 0; i < what.how_many; ++i)
            count(t.stuck, !until(try_once));
        see_all_get_through(p, t);
    } else if (s.try_pop()) {
        count(t.stuck, !s.try_push());
    }
}

/// Shelf and post, the same with more that the actor may have: whatever is in its hand, nobody else gets.
void try_the_exchange(play& p, const scene& what, bool wakes_others, tally& t) {
    auto& s = p.s;
    const bool is_post = what.of == books::post;
    const auto try_put = [&] { return is_post ? s.try_send() : s.try_stock(); };
    const auto try_get = [&] { return is_post ? s.try_receive() : s.try_take(); };
    const bool inside_tail = p.actor_is_inside_the_tail();
    const bool inside_head = p.actor_is_inside_the_head();
    count(t.holding, inside_tail || inside_head || p.actor_has_an_item() || p.actor_has_the_room());
    if (inside_tail)
        count(t.robbed, try_put());
    if (inside_head)
        count(t.robbed, try_get());
    if (inside_tail || inside_head)
        return;
    if (!wakes_others) {
        const bool got = try_get();
        if (p.actor_has_the_room()) { // all want that room, and that letter
            while (try_put()) {
            }
            while (try_get()) {
            }
        } else if (got) {
            count(t.stuck, !try_put());
        }
        return;
    }
    const bool they_get = what.beside == bystanders::receive || what.beside == bystanders::take;
    if (!they_get && p.actor_has_the_room()) {
        while (try_get()) {
        }
        count(t.robbed, try_put());
        count(t.robbed, p.all_through());
        return;
    }
    for (int i = 0; i < what.how_many; ++i)
        if (they_get) {
            count(t.stuck, !until(try_put));
        } else {
            (void)try_put(); // where nothing is left to be got; or a bystander may have been quicker
            count(t.stuck, !until(try_get));
        }
    see_all_get_through(p, t);
}

/// It waits beside others, and is about to leave; or has got it after all. It may be the one that was woken, and then
/// it owes somebody a wake-up. It makes that good itself, sooner or later, or what comes next does.
enum class good : unsigned char { has_been_made, is_made_later, is_made_by_others };

void try_beside_it(play& p, good what_it_owes, tally& t) {
    p.give();
    const bool is_in_the_way = p.actor_owns_the_door() || p.actor_is_at_an_end() || p.actor_has_the_room();
    count(t.holding, is_in_the_way || p.actor_has_an_item());
    if (p.actor_owns_the_door())
        count(t.robbed, p.s.b.door.try_lock().has_value());
    if (is_in_the_way || !p.has_bystanders() || what_it_owes == good::is_made_later)
        return;
    if (what_it_owes == good::is_made_by_others && !p.all_through())
        p.give_one_more();
    if (what_it_owes == good::is_made_by_others || !p.s.b.actor_has_it.load())
        see_all_get_through(p, t);
}

/// What the survivors can do while the actor is stopped.
void others_go_on(play& p, const scene& what, good what_it_owes, tally& t) {
    auto& s = p.s;
    const bool wakes_others = what.beside != nullptr && what.wake == nullptr;
    if (what.is_given_up)
        return try_beside_it(p, what_it_owes, t);
    switch (what.of) {
    case books::door:
        return try_the_door(p, what, wakes_others, t);
    case books::belt:
        if (what.effect != 0)
            return what.wake == nullptr ? try_the_belt(p, what, wakes_others, t) : void();
        s.b.belt.close();
        break;
    case books::shelf:
        if (what.act != acts::close_the_shelf)
            return what.wake == nullptr ? try_the_exchange(p, what, wakes_others, t) : void();
        s.b.shelf.close();
        break;
    case books::post:
        if (what.act != acts::close_the_post)
            return what.wake == nullptr ? try_the_exchange(p, what, wakes_others, t) : void();
        s.post.close();
        break;
    case books::permits:
        if (!wakes_others)
            return;
        s.release(what.how_many);
        break;
    case books::turnstile:
        if (!wakes_others)
            return;
        s.set();
        break;
    case books::gate:
        if (!wakes_others)
            return;
        s.b.gate.set();
        break;
    }
    see_all_get_through(p, t);
}

/// It has gone on, and is over.
void check_books(play& p, const scene& what, tally& t) {
    const auto more = p.balance() - p.effect();
    count(t.lost, more < 0);
    count(t.duplicated, more > p.s.perhaps_given || p.an_item_came_twice());
    count(t.overwritten, !p.items_are_whole() || !p.items_are_in_order());
    auto& b = p.s.b;
    const auto got = b.door.try_lock();
    count(t.stuck, !got);
    const bool is_sound = what.prepare != stages::haunt_the_door || what.act == acts::mark_sound;
    count(t.overwritten, got && got != (is_sound ? lock_status::acquired : lock_status::acquired_from_dead_owner));
    count(t.overwritten, b.left != b.right);
    if (got)
        b.door.unlock();
}

/// For who is about to give up waiting.
struct gifts {
    std::size_t before; // that landmark comes what it waits for, if it waits by then; or once it is stopped
    bool more;          // of it while it is stopped
};

/// false: it was over before.
bool stop_after(std::size_t landmarks, std::size_t instructions, gifts given, const scene& what, const char* way,
                const char* way_of_bystanders, tally& t) {
    play p{what, way, way_of_bystanders};
    bool goes_on = true;
    for (std::size_t n = 0; n < landmarks && goes_on; ++n) {
        if (n == given.before && what.is_given_up)
            p.give();
        goes_on = p.step();
    }
    if (goes_on)
        p.creep(instructions);
    ++t.stops;
    p.actor().stop();
    others_go_on(p, what,
                 !goes_on     ? good::has_been_made
                 : given.more ? good::is_made_by_others
                              : good::is_made_later,
                 t);
    p.actor().resume();
    p.settle();
    p.once_more();
    count(t.stuck, p.actor().wait() != 0 || p.somebody_is_stuck());
    if (t.stuck == 0)
        check_books(p, what, t);
    return goes_on;
}

} // namespace

TEST_CASE("an operation stopped at any instruction is robbed of nothing, and comes to its end afterwards") {
    const auto stride = knob("CROSSWAKE_TEST_LANDMARK_STRIDE", 1);
    auto random = generator();
    std::size_t stops = 0;
    std::printf("| operation | it | others | stops | holding | robbed | stuck | lost | twice | overwritten |\n");
    for_each_scene([&](const scene& what, const char* way, const char* way_of_bystanders) {
        const auto& scene = what.name;
        const std::string ways = std::string(way) + ", others: " + way_of_bystanders;
        CAPTURE(scene);
        CAPTURE(ways);
        std::string where;
        CAPTURE(where);
        tally t;
        const auto stop = [&](std::size_t landmarks, std::size_t instructions) {
            const gifts given{random() % (landmarks + 1), random() % 2 != 0};
            where = std::to_string(landmarks) + " landmarks, " + std::to_string(instructions) +
                    " instructions; given before " + std::to_string(given.before) + (given.more ? ", and more" : "");
            return stop_after(landmarks, instructions, given, what, way, way_of_bystanders, t) && t.is_clean();
        };
        for (auto n = random() % stride; stop(n, 0); n += stride)
            if (random() % 10 == 0)
                stop(n, 1 + random() % 400);
        std::printf("| %s | %s | %s | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n", what.name.c_str(),
                    what.wake == nullptr ? "" : way, what.beside == nullptr ? "" : way_of_bystanders, t.stops,
                    t.holding, t.robbed, t.stuck, t.lost, t.duplicated, t.overwritten);
        std::fflush(stdout);
        REQUIRE(t.robbed == 0);
        REQUIRE(t.stuck == 0);
        REQUIRE(t.lost == 0);
        REQUIRE(t.duplicated == 0);
        REQUIRE(t.overwritten == 0);
        stops += t.stops;
    });
    std::printf("%zu stops\n", stops);
}
