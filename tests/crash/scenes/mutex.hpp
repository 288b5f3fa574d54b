// Scenes at the door.
#pragma once

#include <crash/scene.hpp>

#include <utility>

namespace crosswake::test {
namespace acts {

inline void enter(actor& a) {
    require(go_inside(a.w, a.b));
    a.is_inside = true;
}
inline void leave(actor& a) {
    a.b.door.unlock();
    a.is_inside = false;
}
inline void mark_sound(actor& a) {
    a.b.door.mark_sound();
}
inline void want_the_door(actor& a) {
    auto& op = a.want<mutex::lock_operation>(a.b.door);
    a.gets = [&a, &op] {
        require(count_in(a.b, op.status));
        a.is_inside = true;
    };
}

} // namespace acts

namespace stages {

inline void lock_the_door(survivors& s) {
    s.b.door.lock();
    s.holds_door = true;
}
inline void unlock_the_door(survivors& s) {
    if (std::exchange(s.holds_door, false))
        s.b.door.unlock();
}
/// Somebody has died inside.
inline void haunt_the_door(survivors& s) {
    child{"die_inside", {s.name}}.wait();
}

} // namespace stages

inline const scene scenes_of_the_mutex[] = {
    {.name = "mutex: lock", .of = books::door, .act = acts::enter},
    {.name = "mutex: lock, asleep before a bystander",
     .of = books::door,
     .prepare = stages::lock_the_door,
     .act = acts::enter,
     .wake = stages::unlock_the_door,
     .beside = bystanders::enter},
    {.name = "mutex: lock, taken over from a dead owner",
     .of = books::door,
     .prepare = stages::haunt_the_door,
     .act = acts::enter},
    {.name = "mutex: unlock", .of = books::door, .get_ready = acts::enter, .act = acts::leave},
    {.name = "mutex: unlock, for a sleeper",
     .of = books::door,
     .get_ready = acts::enter,
     .act = acts::leave,
     .beside = bystanders::enter},
    {.name = "mutex: unlock, of what is not sound",
     .of = books::door,
     .prepare = stages::haunt_the_door,
     .get_ready = acts::enter,
     .act = acts::leave,
     .beside = bystanders::enter},
    {.name = "mutex: mark_sound",
     .of = books::door,
     .prepare = stages::haunt_the_door,
     .get_ready = acts::enter,
     .act = acts::mark_sound,
     .beside = bystanders::enter},
};

inline const scene waits_of_the_mutex[] = {
    {.name = "mutex: lock",
     .of = books::door,
     .prepare = stages::lock_the_door,
     .get_ready = acts::want_the_door,
     .wake = stages::unlock_the_door,
     .beside = bystanders::enter},
};

} // namespace crosswake::test
