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

template <class Done>
void until(Done done) {
    while (!done())
        std::this_thread::yield();
}

void check_all_get_through(play& p) {
    until([&] { return p.all_through(); });
    REQUIRE_FALSE(p.somebody_is_stuck());
}

/// Long enough for several looks at whether the owner lives.
constexpr auto a_while = 250ms;

void try_the_door(play& p, const scene& what, bool wakes_others) {
    auto& b = p.s.b;
    if (p.s.holds_door)
        return;
    if (p.actor_owns_the_door()) {
        CHECK_FALSE(b.door.try_lock());
        CHECK_FALSE(b.door.try_lock_for(what.beside == nullptr ? a_while : 1ms));
        if (wakes_others)
            CHECK_FALSE(p.all_through());
        return;
    }
    waiter w{"blocks"};
    CHECK(go_inside(w, b));
    b.door.unlock();
    if (wakes_others)
        check_all_get_through(p);
}

/// The actor is inside push (or pop), if it holds that end of the queue: then nobody else gets in there.
void try_the_belt(play& p, const scene& what, bool wakes_others) {
    auto& s = p.s;
    const auto q = s.b.belt.ref();
    const auto end = what.effect > 0 ? q.core().tail.holder.load() : q.core().head.holder.load();
    const auto try_once = [&] { return what.effect > 0 ? s.try_push() : s.try_pop(); };
    if (p.is_the_actor(end)) {
        CHECK_FALSE(try_once());
        if (!wakes_others && what.effect == 1)
            CHECK_FALSE(s.b.belt.push_for(a_while, crate::make(0)));
        if (what.effect > 0 && s.try_pop())
            CHECK_FALSE(s.try_push());
    } else if (wakes_others) {
        for (int i = 0; i < what.how_many; ++i)
            until(try_once);
        check_all_get_through(p);
    } else if (s.try_pop()) {
        CHECK(s.try_push());
    }
}

/// Shelf and post, the same with more that the actor may have: whatever is in its hand, nobody else gets.
void try_the_exchange(play& p, const scene& what, bool wakes_others) {
    auto& s = p.s;
    const bool is_post = what.of == books::post;
    const auto try_put = [&] { return is_post ? s.try_send() : s.try_stock(); };
    const auto try_get = [&] { return is_post ? s.try_receive() : s.try_take(); };
    const bool inside_tail = p.actor_is_inside_the_tail();
    const bool inside_head = p.actor_is_inside_the_head();
    if (inside_tail)
        CHECK_FALSE(try_put());
    if (inside_head)
        CHECK_FALSE(try_get());
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
            CHECK(try_put());
        }
        return;
    }
    const bool they_get = what.beside == bystanders::receive || what.beside == bystanders::take;
    if (!they_get && p.actor_has_the_room()) {
        while (try_get()) {
        }
        CHECK_FALSE(try_put());
        CHECK_FALSE(p.all_through());
        return;
    }
    for (int i = 0; i < what.how_many; ++i)
        if (they_get) {
            until(try_put);
        } else {
            (void)try_put(); // where nothing is left to be got; or a bystander may have been quicker
            until(try_get);
        }
    check_all_get_through(p);
}

/// What the survivors can do while the actor is stopped.
void others_go_on(play& p, const scene& what) {
    auto& s = p.s;
    const bool wakes_others = what.beside != nullptr && what.wake == nullptr;
    switch (what.of) {
    case books::door:
        return try_the_door(p, what, wakes_others);
    case books::belt:
        if (what.effect != 0)
            return what.wake == nullptr ? try_the_belt(p, what, wakes_others) : void();
        s.b.belt.close();
        break;
    case books::shelf:
        if (what.act != acts::close_the_shelf)
            return what.wake == nullptr ? try_the_exchange(p, what, wakes_others) : void();
        s.b.shelf.close();
        break;
    case books::post:
        if (what.act != acts::close_the_post)
            return what.wake == nullptr ? try_the_exchange(p, what, wakes_others) : void();
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
    check_all_get_through(p);
}

/// false: it was over before.
bool stop_after(std::size_t landmarks, std::size_t instructions, const scene& what, const char* way,
                const char* way_of_bystanders) {
    play p{what, way, way_of_bystanders};
    bool goes_on = true;
    while (landmarks-- > 0 && goes_on)
        goes_on = p.step();
    if (goes_on)
        p.creep(instructions);
    p.actor().stop();
    others_go_on(p, what);
    p.actor().resume();
    p.settle();
    p.once_more();
    CHECK(p.actor().wait() == 0);
    CHECK_FALSE(p.somebody_is_stuck());

    const auto more = p.balance() - what.effect;
    CHECK(more >= 0);
    CHECK(more <= p.s.perhaps_given);
    CHECK(p.items_are_whole());
    CHECK(p.items_are_in_order());
    CHECK_FALSE(p.an_item_came_twice());
    const auto got = p.s.b.door.try_lock();
    CHECK(got.has_value());
    CHECK((what.prepare == stages::haunt_the_door || got == lock_status::acquired));
    CHECK(p.s.b.left == p.s.b.right);
    p.s.b.door.unlock();
    return goes_on;
}

} // namespace

TEST_CASE("an operation stopped at any instruction is robbed of nothing, and comes to its end afterwards") {
    const auto stride = knob("CROSSWAKE_TEST_LANDMARK_STRIDE", 1);
    auto random = generator();
    std::size_t stops = 0;
    for_each_scene([&](const scene& what, const char* way, const char* way_of_bystanders) {
        const std::string scene = what.name;
        const std::string ways = std::string(way) + ", others: " + way_of_bystanders;
        CAPTURE(scene);
        CAPTURE(ways);
        for (auto n = random() % stride; ++stops, stop_after(n, 0, what, way, way_of_bystanders); n += stride)
            if (random() % 10 == 0) {
                ++stops;
                stop_after(n, 1 + random() % 400, what, way, way_of_bystanders);
            }
    });
    std::printf("%zu stops\n", stops);
}
