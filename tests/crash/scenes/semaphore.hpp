// Scenes with permits.
#pragma once

#include <crash/scene.hpp>

namespace crosswake::test {
namespace acts {

inline void acquire(actor& a) {
    semaphore::acquire_operation op{a.b.permits};
    wait(a.w, op);
}
inline void want_a_permit(actor& a) {
    a.want<semaphore::acquire_operation>(a.b.permits);
}

} // namespace acts

namespace stages {

inline void release_one(survivors& s) {
    s.release();
}

} // namespace stages

inline const scene scenes_of_the_semaphore[] = {
    {.name = "semaphore: acquire",
     .of = books::permits,
     .effect = -1,
     .prepare = stages::release_one,
     .act = acts::acquire},
    {.name = "semaphore: acquire, asleep before a bystander",
     .of = books::permits,
     .effect = -1,
     .act = acts::acquire,
     .wake = stages::release_one,
     .beside = bystanders::acquire},
    {.name = "semaphore: release", .of = books::permits, .effect = 1, .act = [](actor& a) { a.b.permits.release(); }},
    {.name = "semaphore: release, for a sleeper",
     .of = books::permits,
     .effect = 1,
     .act = [](actor& a) { a.b.permits.release(); },
     .beside = bystanders::acquire},
    {.name = "semaphore: release of two, for two sleepers",
     .of = books::permits,
     .effect = 2,
     .act = [](actor& a) { a.b.permits.release(2); },
     .beside = bystanders::acquire,
     .how_many = 2},
};

inline const scene waits_of_the_semaphore[] = {
    {.name = "semaphore: acquire",
     .of = books::permits,
     .effect = -1,
     .get_ready = acts::want_a_permit,
     .wake = stages::release_one,
     .beside = bystanders::acquire},
};

} // namespace crosswake::test
