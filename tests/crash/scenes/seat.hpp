// Scenes about the seat of a reactor: one of its own, or, where all of these are taken, one of the crowd's.
#pragma once

#include <crash/scene.hpp>
#include <crash/scenes/semaphore.hpp>

#include <support/crowd.hpp>

namespace crosswake::test {
namespace acts {

/// It has waited, and sits there still.
inline void want_nothing_any_more(actor& a) {
    want_a_permit(a);
    cancel(a);
}

} // namespace acts

namespace stages {

inline void fill_the_seats(survivors& s) {
    send_to_the_crowd(&s.b);
}

} // namespace stages

inline const scene scenes_of_seats[] = {
    {.name = "reactor: destroyed, while nothing waits in it",
     .of = books::permits,
     .get_ready = acts::want_nothing_any_more,
     .act = acts::destroy_the_reactor,
     .is_awaited = true},
    {.name = "reactor of the crowd: destroyed, while nothing waits in it",
     .of = books::permits,
     .prepare = stages::fill_the_seats,
     .get_ready = acts::want_nothing_any_more,
     .act = acts::destroy_the_reactor,
     .is_awaited = true},
};

inline const scene waits_in_a_seat[] = {
    {.name = "reactor: acquire",
     .of = books::permits,
     .effect = -1,
     .get_ready = acts::want_a_permit,
     .wake = stages::release_one,
     .beside = bystanders::acquire,
     .is_awaited = true},
};

inline const scene waits_in_the_crowd[] = {
    {.name = "reactor of the crowd: acquire",
     .of = books::permits,
     .effect = -1,
     .prepare = stages::fill_the_seats,
     .get_ready = acts::want_a_permit,
     .wake = stages::release_one,
     .beside = bystanders::acquire,
     .is_awaited = true},
};

} // namespace crosswake::test
