// Scenes at the belt.
#pragma once

#include <crash/scene.hpp>

#include <array>

namespace crosswake::test {
namespace acts {

inline void push(actor& a) {
    detail::push_operation<crate> op{a.b.belt.ref(), crate::make(items_of_the_actor)};
    wait(a.w, op);
    require(op.error == errc{});
}
inline void push_three(actor& a) {
    const auto all = crates_of_the_actor<3>();
    detail::push_some_operation<crate> op{a.b.belt.ref(), all};
    wait(a.w, op);
    require(op.error == errc{} && op.count == 3);
}
inline void pop(actor& a) {
    detail::pop_operation<crate> op{a.b.belt.ref()};
    wait(a.w, op);
    require(op.error == errc{} && op.item().is_whole());
}
inline void pop_three(actor& a) {
    std::array<crate, 3> all;
    detail::pop_some_operation<crate> op{a.b.belt.ref(), all};
    wait(a.w, op);
    require(op.error == errc{} && op.count == 3);
}
inline void want_to_push(actor& a) {
    auto& op = a.want<detail::push_operation<crate>>(a.b.belt.ref(), crate::make(items_of_the_actor));
    a.gets = [&op] { require(op.error == errc{}); };
}
inline void want_to_pop(actor& a) {
    auto& op = a.want<detail::pop_operation<crate>>(a.b.belt.ref());
    a.gets = [&op] { require(op.error == errc{} && op.item().is_whole()); };
}

} // namespace acts

namespace stages {

inline void push_one(survivors& s) {
    s.push();
}
inline void pop_one(survivors& s) {
    s.pop();
}
inline void fill_the_belt(survivors& s) {
    while (s.try_push()) {
    }
}
/// So that the next three items lie on both sides of the ring's end.
inline void turn_the_belt(survivors& s) {
    for (int i = 0; i < 2; ++i) {
        s.push();
        s.pop();
    }
}
inline void turn_and_fill_the_belt(survivors& s) {
    turn_the_belt(s);
    fill_the_belt(s);
}

} // namespace stages

inline const scene scenes_of_the_queue[] = {
    {.name = "queue: push", .of = books::belt, .effect = 1, .prepare = stages::push_one, .act = acts::push},
    {.name = "queue: push, asleep before a bystander",
     .of = books::belt,
     .effect = 1,
     .prepare = stages::fill_the_belt,
     .act = acts::push,
     .wake = stages::pop_one,
     .beside = bystanders::push},
    {.name = "queue: push, for a sleeper",
     .of = books::belt,
     .effect = 1,
     .act = acts::push,
     .beside = bystanders::pop},
    {.name = "queue: push of three, around the end",
     .of = books::belt,
     .effect = 3,
     .prepare = stages::turn_the_belt,
     .act = acts::push_three},
    {.name = "queue: push of three, for two sleepers",
     .of = books::belt,
     .effect = 3,
     .act = acts::push_three,
     .beside = bystanders::pop,
     .how_many = 2},
    {.name = "queue: pop", .of = books::belt, .effect = -1, .prepare = stages::fill_the_belt, .act = acts::pop},
    {.name = "queue: pop, asleep before a bystander",
     .of = books::belt,
     .effect = -1,
     .act = acts::pop,
     .wake = stages::push_one,
     .beside = bystanders::pop},
    {.name = "queue: pop, for a sleeper",
     .of = books::belt,
     .effect = -1,
     .prepare = stages::fill_the_belt,
     .act = acts::pop,
     .beside = bystanders::push},
    {.name = "queue: pop of three, around the end",
     .of = books::belt,
     .effect = -3,
     .prepare = stages::turn_and_fill_the_belt,
     .act = acts::pop_three},
    {.name = "queue: pop of three, for two sleepers",
     .of = books::belt,
     .effect = -3,
     .prepare = stages::fill_the_belt,
     .act = acts::pop_three,
     .beside = bystanders::push,
     .how_many = 2},
    {.name = "queue: close, for two poppers",
     .of = books::belt,
     .act = [](actor& a) { a.b.belt.close(); },
     .beside = bystanders::pop,
     .how_many = 2},
    {.name = "queue: close, for two pushers",
     .of = books::belt,
     .prepare = stages::fill_the_belt,
     .act = [](actor& a) { a.b.belt.close(); },
     .beside = bystanders::push,
     .how_many = 2},
};

inline const scene waits_of_the_queue[] = {
    {.name = "queue: push",
     .of = books::belt,
     .effect = 1,
     .prepare = stages::fill_the_belt,
     .get_ready = acts::want_to_push,
     .wake = stages::pop_one,
     .beside = bystanders::push},
    {.name = "queue: pop",
     .of = books::belt,
     .effect = -1,
     .get_ready = acts::want_to_pop,
     .wake = stages::push_one,
     .beside = bystanders::pop},
};

} // namespace crosswake::test
