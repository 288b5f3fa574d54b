// Scenes at the turnstile, which is an automatic event, and at the gate, which is a manual one.
#pragma once

#include <crash/scene.hpp>

namespace crosswake::test {
namespace acts {

inline void pass(actor& a) {
    event::wait_operation op{a.b.turnstile};
    wait(a.w, op);
}
inline void want_to_pass(actor& a) {
    a.want<event::wait_operation>(a.b.turnstile);
}
inline void pass_the_gate(actor& a) {
    event::wait_operation op{a.b.gate};
    wait(a.w, op);
}
inline void want_to_pass_the_gate(actor& a) {
    a.want<event::wait_operation>(a.b.gate);
}

} // namespace acts

namespace stages {

inline void set_the_turnstile(survivors& s) {
    if (!s.b.turnstile.is_set())
        s.set();
}
inline void open_the_gate(survivors& s) {
    s.b.gate.set();
}

} // namespace stages

inline const scene scenes_of_events[] = {
    {.name = "event: wait",
     .of = books::turnstile,
     .effect = -1,
     .prepare = stages::set_the_turnstile,
     .act = acts::pass},
    {.name = "event: wait, asleep before a bystander",
     .of = books::turnstile,
     .effect = -1,
     .act = acts::pass,
     .wake = stages::set_the_turnstile,
     .beside = bystanders::pass},
    {.name = "event: set", .of = books::turnstile, .effect = 1, .act = [](actor& a) { a.b.turnstile.set(); }},
    {.name = "event: set, for a sleeper",
     .of = books::turnstile,
     .effect = 1,
     .act = [](actor& a) { a.b.turnstile.set(); },
     .beside = bystanders::pass},
    {.name = "event: reset",
     .of = books::turnstile,
     .effect = -1,
     .prepare = stages::set_the_turnstile,
     .act = [](actor& a) { a.b.turnstile.reset(); }},
    {.name = "manual event: wait, asleep before a bystander",
     .of = books::gate,
     .act = acts::pass_the_gate,
     .wake = stages::open_the_gate,
     .beside = bystanders::pass_the_gate},
    {.name = "manual event: set, for two sleepers",
     .of = books::gate,
     .act = [](actor& a) { a.b.gate.set(); },
     .beside = bystanders::pass_the_gate,
     .how_many = 2},
};

inline const scene waits_of_events[] = {
    {.name = "event: wait",
     .of = books::turnstile,
     .effect = -1,
     .get_ready = acts::want_to_pass,
     .wake = stages::set_the_turnstile,
     .beside = bystanders::pass},
    {.name = "manual event: wait",
     .of = books::gate,
     .get_ready = acts::want_to_pass_the_gate,
     .wake = stages::open_the_gate,
     .beside = bystanders::pass_the_gate},
};

} // namespace crosswake::test
