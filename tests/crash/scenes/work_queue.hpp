// Scenes at the shelf.
#pragma once

#include <crash/scene.hpp>

#include <array>

namespace crosswake::test {
namespace acts {

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
inline void want_to_stock(actor& a) {
    auto& op = a.want<detail::push_operation<crate, detail::work_queue_ref<crate>>>(a.b.shelf.ref(),
                                                                                    crate::make(items_of_the_actor));
    a.gets = [&op] { require(op.error == errc{}); };
}
inline void want_to_take(actor& a) {
    auto& op = a.want<detail::take_operation<crate>>(a.b.shelf.ref());
    a.gets = [&a, &op] {
        require(op.error == errc{});
        a.works_on = op.delivery();
        require(a.works_on.item().is_whole());
    };
}

} // namespace acts

namespace stages {

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

} // namespace stages

inline const scene scenes_of_the_work_queue[] = {
    {.name = "work_queue: push", .of = books::shelf, .effect = 1, .prepare = stages::stock_one, .act = acts::stock},
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
};

inline const scene waits_of_the_work_queue[] = {
    {.name = "work_queue: push",
     .of = books::shelf,
     .effect = 1,
     .prepare = stages::fill_the_shelf,
     .get_ready = acts::want_to_stock,
     .wake = stages::take_one,
     .beside = bystanders::stock},
    {.name = "work_queue: take",
     .of = books::shelf,
     .effect = -1,
     .is_in_hand = true,
     .get_ready = acts::want_to_take,
     .wake = stages::stock_one,
     .beside = bystanders::take},
};

} // namespace crosswake::test
