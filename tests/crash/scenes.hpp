// The operations that are cut short, instruction by instruction, and who waits beside them.
//
// A scene is one operation of the one who is cut short, on a board where every primitive has its place. The survivors
// are this process: it makes the board, has sleepers wait on it, and keeps the ledger. Each primitive has a table of
// scenes, and one of waits, each of which is given up in two ways: those are scenes, too.
#pragma once

#include <crash/scenes/event.hpp>
#include <crash/scenes/message_queue.hpp>
#include <crash/scenes/mutex.hpp>
#include <crash/scenes/queue.hpp>
#include <crash/scenes/seat.hpp>
#include <crash/scenes/semaphore.hpp>
#include <crash/scenes/work_queue.hpp>

#include <span>
#include <vector>

namespace crosswake::test {

inline std::vector<scene> all_scenes() {
    std::vector<scene> all;
    using end_of = scene (*)(scene);
    const auto add = [&all](std::span<const scene> some) { all.insert(all.end(), some.begin(), some.end()); };
    const auto give_up = [&all](std::span<const scene> waits, std::initializer_list<end_of> ways) {
        for (const auto& wait : waits)
            for (const auto way : ways)
                all.push_back(way(wait));
    };
    add(scenes_of_the_mutex);
    give_up(waits_of_the_mutex, {timed_out, cancelled});
    add(scenes_of_the_semaphore);
    give_up(waits_of_the_semaphore, {timed_out, cancelled});
    add(scenes_of_events);
    give_up(waits_of_events, {timed_out, cancelled});
    add(scenes_of_the_queue);
    give_up(waits_of_the_queue, {timed_out, cancelled});
    add(scenes_of_the_work_queue);
    give_up(waits_of_the_work_queue, {timed_out, cancelled});
    add(scenes_of_the_message_queue);
    give_up(waits_of_the_message_queue, {timed_out, cancelled});
    add(scenes_of_seats);
    give_up(waits_in_a_seat, {destroyed});
    give_up(waits_in_the_crowd, {timed_out, cancelled, destroyed});
    return all;
}

/// A child knows its scene by its place in here.
inline const std::vector<scene> scenes = all_scenes();

} // namespace crosswake::test
