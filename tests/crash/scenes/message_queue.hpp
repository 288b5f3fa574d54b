// Scenes with the post.
#pragma once

#include <crash/scene.hpp>

namespace crosswake::test {
namespace acts {

inline void reserve(actor& a) {
    detail::reserve_operation op{a.post.ring(), letter_bytes};
    wait(a.w, op);
    require(op.error == errc{});
    a.writes = op.reservation();
}
inline void reserve_and_write(actor& a) {
    reserve(a);
    write_letter(a.writes.data(), items_of_the_actor);
}
inline void reserve_all(actor& a) {
    a.writes = a.post.reserve(post_bytes);
}
inline void commit(actor& a) {
    a.writes.commit();
}
inline void abort(actor& a) {
    a.writes.abort();
}
inline void receive(actor& a) {
    detail::receive_operation op{a.post.ring()};
    wait(a.w, op);
    require(op.error == errc{});
    a.reads = op.message();
    require(read_letter(a.reads.data()).is_whole());
}
inline void release(actor& a) {
    a.reads.release();
}
inline void put_back_into_the_post(actor& a) {
    a.reads.put_back();
}
inline void close_the_post(actor& a) {
    a.post.close();
}
inline void want_to_reserve(actor& a) {
    auto& op = a.want<detail::reserve_operation>(a.post.ring(), letter_bytes);
    a.gets = [&a, &op] {
        require(op.error == errc{});
        a.writes = op.reservation();
    };
}
inline void want_to_receive(actor& a) {
    auto& op = a.want<detail::receive_operation>(a.post.ring());
    a.gets = [&a, &op] {
        require(op.error == errc{});
        a.reads = op.message();
        require(read_letter(a.reads.data()).is_whole());
    };
}

} // namespace acts

namespace stages {

inline void send_one(survivors& s) {
    s.send();
}
inline void receive_one(survivors& s) {
    s.receive();
}
inline void fill_the_post(survivors& s) {
    while (s.try_send()) {
    }
}
/// Somebody has died with a reservation, without which there is no room. Nobody has found out.
inline void haunt_the_post(survivors& s) {
    child{"die_with_a_reservation", {s.name}}.wait();
    for (auto n = letters_in_the_post; n-- > 1;)
        s.send();
}
/// Somebody has died with the only letter.
inline void haunt_the_letter(survivors& s) {
    s.send();
    child{"die_with_a_message", {s.name}}.wait();
}

} // namespace stages

inline const scene scenes_of_the_message_queue[] = {
    {.name = "message_queue: reserve",
     .of = books::post,
     .effect = 1,
     .is_in_hand = true,
     .prepare = stages::send_one,
     .act = acts::reserve},
    {.name = "message_queue: reserve, asleep before a bystander",
     .of = books::post,
     .effect = 1,
     .is_in_hand = true,
     .prepare = stages::fill_the_post,
     .act = acts::reserve,
     .wake = stages::receive_one,
     .beside = bystanders::send},
    {.name = "message_queue: reserve, where the dead had",
     .of = books::post,
     .effect = 1,
     .is_in_hand = true,
     .prepare = stages::haunt_the_post,
     .act = acts::reserve},
    {.name = "message_queue: commit",
     .of = books::post,
     .effect = 1,
     .get_ready = acts::reserve_and_write,
     .act = acts::commit},
    {.name = "message_queue: commit, for a sleeper",
     .of = books::post,
     .effect = 1,
     .get_ready = acts::reserve_and_write,
     .act = acts::commit,
     .beside = bystanders::receive},
    {.name = "message_queue: abort, for a sleeper",
     .of = books::post,
     .get_ready = acts::reserve_all,
     .act = acts::abort,
     .beside = bystanders::send},
    {.name = "message_queue: receive",
     .of = books::post,
     .effect = -1,
     .is_in_hand = true,
     .prepare = stages::fill_the_post,
     .act = acts::receive},
    {.name = "message_queue: receive, asleep before a bystander",
     .of = books::post,
     .effect = -1,
     .is_in_hand = true,
     .act = acts::receive,
     .wake = stages::send_one,
     .beside = bystanders::receive},
    {.name = "message_queue: receive, of what the dead had",
     .of = books::post,
     .effect = -1,
     .is_in_hand = true,
     .prepare = stages::haunt_the_letter,
     .act = acts::receive},
    {.name = "message_queue: release",
     .of = books::post,
     .effect = -1,
     .prepare = stages::send_one,
     .get_ready = acts::receive,
     .act = acts::release},
    {.name = "message_queue: release, for a sleeper",
     .of = books::post,
     .effect = -1,
     .prepare = stages::fill_the_post,
     .get_ready = acts::receive,
     .act = acts::release,
     .beside = bystanders::send},
    {.name = "message_queue: put back, for a sleeper",
     .of = books::post,
     .prepare = stages::send_one,
     .get_ready = acts::receive,
     .act = acts::put_back_into_the_post,
     .beside = bystanders::receive},
    {.name = "message_queue: close, for two receivers",
     .of = books::post,
     .act = acts::close_the_post,
     .beside = bystanders::receive,
     .how_many = 2},
    {.name = "message_queue: close, for two senders",
     .of = books::post,
     .prepare = stages::fill_the_post,
     .act = acts::close_the_post,
     .beside = bystanders::send,
     .how_many = 2},
};

inline const scene waits_of_the_message_queue[] = {
    {.name = "message_queue: reserve",
     .of = books::post,
     .effect = 1,
     .is_in_hand = true,
     .prepare = stages::fill_the_post,
     .get_ready = acts::want_to_reserve,
     .wake = stages::receive_one,
     .beside = bystanders::send},
    {.name = "message_queue: receive",
     .of = books::post,
     .effect = -1,
     .is_in_hand = true,
     .get_ready = acts::want_to_receive,
     .wake = stages::send_one,
     .beside = bystanders::receive},
};

} // namespace crosswake::test
