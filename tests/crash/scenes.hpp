// The operations that are cut short, instruction by instruction, and who waits beside them.
//
// A scene is one operation of the one who is cut short, on a board where every primitive has its place. The survivors
// are this process: it makes the board, has sleepers wait on it, and keeps the ledger.
#pragma once

#include <crash/board.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace crosswake::test {

/// What a scene's books are about.
enum class books : unsigned char { door, permits, turnstile, gate, belt, shelf, post };

/// The one who is cut short, and what it has in hand.
struct actor {
    waiter& w;
    board& b;
    message_queue& post;
    delivery<crate> works_on{};
    reservation writes{};
    message reads{};

    /// Nobody cut it short.
    void finish() {
        if (works_on)
            works_on.confirm();
        if (writes) {
            write_letter(writes.data(), items_of_the_actor);
            writes.commit();
        }
        reads.release();
    }
};

struct scene {
    const char* name;
    books of;
    /// What the whole operation adds to what there is (permits, items), or takes away.
    int effect = 0;
    /// The operation puts something into the actor's hand, and the effect is there only when it has finished with it:
    /// if it dies before, there is none.
    bool is_in_hand = false;
    void (*prepare)(survivors&) = nullptr;
    void (*get_ready)(actor&) = nullptr; // the one who is cut short, beforehand
    void (*act)(actor&) = nullptr;
    /// Lets the operation go on that sleeps. Without it the operation does not sleep.
    void (*wake)(survivors&) = nullptr;
    /// Who waits beside it: from the start, or, where the operation itself sleeps, behind it.
    bystander::wait_body beside = nullptr;
    int how_many = 1;
};

template <std::size_t n>
std::array<crate, n> crates_of_the_actor() {
    std::array<crate, n> all;
    for (std::size_t i = 0; i < n; ++i)
        all[i] = crate::make(items_of_the_actor + i);
    return all;
}

inline void require(bool ok) {
    if (!ok)
        throw std::runtime_error("what cannot be");
}

namespace acts {

inline void enter(actor& a) {
    require(go_inside(a.w, a.b));
}
inline void leave(actor& a) {
    a.b.door.unlock();
}
inline void acquire(actor& a) {
    semaphore::acquire_operation op{a.b.permits};
    wait(a.w, op);
}
inline void pass(actor& a) {
    event::wait_operation op{a.b.turnstile};
    wait(a.w, op);
}
inline void pass_the_gate(actor& a) {
    event::wait_operation op{a.b.gate};
    wait(a.w, op);
}
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

inline void stock(actor& a) {
    detail::push_operation<crate, detail::work_queue_ref<crate>> op{a.b.shelf.ref(), crate::make(items_of_the_actor)};
    wait(a.w, op);
    require(op.error == errc{});
}
inline void stock_three(actor& a) {
    const auto all = crates_of_the_actor<3>();
    detail::push_some_operation<crate, detail::work_queue_ref<crate>> op{a.b.shelf.ref(), all};
    wait(a.w, op);
    require(op.error == errc{} && op.count == 3);
}
inline void take(actor& a) {
    detail::take_operation<crate> op{a.b.shelf.ref()};
    wait(a.w, op);
    require(op.error == errc{});
    a.works_on = op.delivery();
    require(a.works_on.item().is_whole());
}
inline void confirm(actor& a) {
    a.works_on.confirm();
}
inline void put_back_on_the_shelf(actor& a) {
    a.works_on.put_back();
}
inline void close_the_shelf(actor& a) {
    a.b.shelf.close();
}
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
inline void release_one(survivors& s) {
    s.release();
}
inline void set_the_turnstile(survivors& s) {
    if (!s.b.turnstile.is_set())
        s.set();
}
inline void open_the_gate(survivors& s) {
    s.b.gate.set();
}
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

inline void stock_one(survivors& s) {
    s.stock();
}
inline void take_one(survivors& s) {
    s.take();
}
inline void fill_the_shelf(survivors& s) {
    while (s.try_stock()) {
    }
}
/// As the belt.
inline void turn_the_shelf(survivors& s) {
    for (int i = 0; i < 2; ++i) {
        s.stock();
        s.take();
    }
}
/// Somebody has died with an item in hand.
inline void haunt_the_shelf(survivors& s) {
    s.stock();
    child{"die_with_a_delivery", {s.name}}.wait();
}
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

inline const scene scenes[] = {
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
    {.name = "mutex: unlock", .of = books::door, .get_ready = [](actor& a) { a.b.door.lock(); }, .act = acts::leave},
    {.name = "mutex: unlock, for a sleeper",
     .of = books::door,
     .get_ready = [](actor& a) { a.b.door.lock(); },
     .act = acts::leave,
     .beside = bystanders::enter},

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

    {.name = "work_queue: push, asleep before a bystander",
     .of = books::shelf,
     .effect = 1,
     .prepare = stages::fill_the_shelf,
     .act = acts::stock,
     .wake = stages::take_one,
     .beside = bystanders::stock},
    {.name = "work_queue: push, for a sleeper",
     .of = books::shelf,
     .effect = 1,
     .act = acts::stock,
     .beside = bystanders::take},
    {.name = "work_queue: push of three, around the end",
     .of = books::shelf,
     .effect = 3,
     .prepare = stages::turn_the_shelf,
     .act = acts::stock_three},
    {.name = "work_queue: push of three, for two sleepers",
     .of = books::shelf,
     .effect = 3,
     .act = acts::stock_three,
     .beside = bystanders::take,
     .how_many = 2},
    {.name = "work_queue: take",
     .of = books::shelf,
     .effect = -1,
     .is_in_hand = true,
     .prepare = stages::fill_the_shelf,
     .act = acts::take},
    {.name = "work_queue: take, asleep before a bystander",
     .of = books::shelf,
     .effect = -1,
     .is_in_hand = true,
     .act = acts::take,
     .wake = stages::stock_one,
     .beside = bystanders::take},
    {.name = "work_queue: take, of what the dead had",
     .of = books::shelf,
     .effect = -1,
     .is_in_hand = true,
     .prepare = stages::haunt_the_shelf,
     .act = acts::take},
    {.name = "work_queue: confirm",
     .of = books::shelf,
     .effect = -1,
     .prepare = stages::stock_one,
     .get_ready = acts::take,
     .act = acts::confirm},
    {.name = "work_queue: confirm, for a sleeper",
     .of = books::shelf,
     .effect = -1,
     .prepare = stages::fill_the_shelf,
     .get_ready = acts::take,
     .act = acts::confirm,
     .beside = bystanders::stock},
    {.name = "work_queue: put back, for a sleeper",
     .of = books::shelf,
     .prepare = stages::stock_one,
     .get_ready = acts::take,
     .act = acts::put_back_on_the_shelf,
     .beside = bystanders::take},
    {.name = "work_queue: close, for two takers",
     .of = books::shelf,
     .act = acts::close_the_shelf,
     .beside = bystanders::take,
     .how_many = 2},

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

} // namespace crosswake::test
