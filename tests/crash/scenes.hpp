// The operations that are cut short, instruction by instruction, and those who live on beside them.
//
// A scene is one operation of the one who is cut short, on a board where every primitive has its place. The survivors
// are this process: it makes the board, has sleepers wait on it, and keeps a ledger of what went in and came out.
#pragma once

#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/sleeper.hpp>
#include <support/stepped_child.hpp>
#include <support/system.hpp>

#include <backend/process.hpp>
#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace crosswake::test {

/// More than one store, so that there is a half.
struct crate {
    std::uint64_t number = 0;
    std::array<std::uint64_t, 3> load{};

    static crate make(std::uint64_t number) { return {number, {~number, number * 3, number + 7}}; }
    [[nodiscard]] bool is_whole() const { return load == make(number).load; }
};

/// Its items' numbers begin here, and those of bystanders at twice that.
constexpr std::uint64_t items_of_the_actor = 1000;

struct board {
    std::atomic<detail::owner_token> actor{detail::nobody};
    mutex door;
    std::uint64_t left = 0; // equal to the right whenever nobody is inside the door
    std::uint64_t right = 0;
    semaphore permits;
    event turnstile;
    event gate{reset_mode::manual};
    queue<crate, 4> belt;
};

/// Nobody who lives waits that long: whoever is not through by then is stuck.
inline constexpr std::chrono::seconds stuck_after{30};

/// Waits, and complains of everything but success. Success at the deadline is none: a wait tries once more there, and
/// may get what nobody woke it for.
inline void wait(waiter& w, operation& op) {
    const auto given_up = deadline::after(stuck_after);
    if (w.wait(op, given_up) != wait_result::done || given_up <= deadline::after(std::chrono::nanoseconds(0)))
        throw std::runtime_error("stuck");
}

inline bool go_inside(waiter& w, board& b) {
    mutex::lock_operation op{b.door};
    wait(w, op);
    if (op.status == lock_status::acquired_from_dead_owner)
        b.right = b.left;
    const bool alone = ++b.left == b.right + 1;
    return ++b.right == b.left && alone;
}

// ------------------------------------------------------------------------------------------------- those who live on

class survivors {
public:
    survivors(board& its, std::string its_name) noexcept : b(its), name(std::move(its_name)) {}

    board& b;
    const std::string name;
    // What was given by these: permits, and settings of the turnstile.
    std::int64_t given = 0;
    std::int64_t perhaps_given = 0;
    std::atomic<std::int64_t> taken{0};
    bool holds_door = false;
    bool did_wake = false;

    void release(std::int64_t n = 1) {
        b.permits.release(n);
        given += n;
    }
    void set() {
        if (!b.turnstile.is_set())
            ++given;
        else
            ++perhaps_given; // somebody may have passed in between
        b.turnstile.set();
    }
    void push() {
        const auto c = crate::make(next_++);
        if (!b.belt.push_for(stuck_after, c))
            throw std::runtime_error("stuck in push");
        note_pushed(c.number);
    }
    bool try_push() {
        const auto c = crate::make(next_);
        if (!b.belt.try_push(c))
            return false;
        note_pushed(next_++);
        return true;
    }
    void pop() {
        const auto c = b.belt.pop_for(stuck_after);
        if (!c)
            throw std::runtime_error("stuck in pop");
        note_popped(*c);
    }
    bool try_pop() {
        const auto c = b.belt.try_pop();
        if (c)
            note_popped(*c);
        return c.has_value();
    }
    void note_pushed(std::uint64_t number) {
        const std::scoped_lock guard(lock_);
        pushed_.push_back(number);
    }
    void note_popped(const crate& c) {
        const std::scoped_lock guard(lock_);
        popped_.push_back(c);
    }
    [[nodiscard]] const std::vector<std::uint64_t>& pushed() const noexcept { return pushed_; }
    [[nodiscard]] const std::vector<crate>& popped() const noexcept { return popped_; }

    /// A number for a sleeper's item.
    std::uint64_t fresh_number() { return sleepers_next_++; }

private:
    std::mutex lock_;
    std::vector<std::uint64_t> pushed_;
    std::vector<crate> popped_;
    std::uint64_t next_ = 1;
    std::atomic<std::uint64_t> sleepers_next_{2 * items_of_the_actor};
};

/// A survivor's wait, in a thread of this process.
class bystander {
public:
    using wait_body = void (*)(waiter&, survivors&);

    bystander(wait_body body, const char* way, survivors& s)
        : thread_([this, body, way, &s] {
              try {
                  waiter w{way};
                  is_ready_.store(true);
                  body(w, s);
              } catch (const std::exception&) {
                  is_stuck_.store(true);
              }
              is_through_.store(true);
          }) {}

    void until_asleep() const {
        while (!is_ready_.load())
            std::this_thread::yield();
        thread_.until_asleep();
    }
    [[nodiscard]] bool is_through() const { return is_through_.load(); }
    [[nodiscard]] bool is_stuck() const { return is_stuck_.load(); }

private:
    std::atomic<bool> is_ready_{false};
    std::atomic<bool> is_through_{false};
    std::atomic<bool> is_stuck_{false};
    sleeper thread_;
};

namespace bystanders {

inline void enter(waiter& w, survivors& s) {
    if (!go_inside(w, s.b))
        throw std::runtime_error("not alone inside");
    s.b.door.unlock();
}
inline void acquire(waiter& w, survivors& s) {
    semaphore::acquire_operation op{s.b.permits};
    wait(w, op);
    ++s.taken;
}
inline void pass(waiter& w, survivors& s) {
    event::wait_operation op{s.b.turnstile};
    wait(w, op);
    ++s.taken;
}
inline void pass_the_gate(waiter& w, survivors& s) {
    event::wait_operation op{s.b.gate};
    wait(w, op);
}
inline void pop(waiter& w, survivors& s) {
    detail::pop_operation<crate> op{s.b.belt.ref()};
    wait(w, op);
    if (op.error == errc{})
        s.note_popped(op.item());
}
inline void push(waiter& w, survivors& s) {
    const auto c = crate::make(s.fresh_number());
    detail::push_operation<crate> op{s.b.belt.ref(), c};
    wait(w, op);
    if (op.error == errc{})
        s.note_pushed(c.number);
}

} // namespace bystanders

// ------------------------------------------------------------------------------------------------------- the scenes

/// What a scene's books are about.
enum class books : unsigned char { door, permits, turnstile, gate, belt };

struct scene {
    const char* name;
    books of;
    /// What the whole operation adds to what there is (permits, items), or takes away.
    int effect = 0;
    void (*prepare)(survivors&) = nullptr;
    void (*get_ready)(board&) = nullptr; // the one who is cut short, beforehand
    void (*act)(waiter&, board&) = nullptr;
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

inline void enter(waiter& w, board& b) {
    require(go_inside(w, b));
}
inline void leave(waiter& /*w*/, board& b) {
    b.door.unlock();
}
inline void acquire(waiter& w, board& b) {
    semaphore::acquire_operation op{b.permits};
    wait(w, op);
}
inline void pass(waiter& w, board& b) {
    event::wait_operation op{b.turnstile};
    wait(w, op);
}
inline void pass_the_gate(waiter& w, board& b) {
    event::wait_operation op{b.gate};
    wait(w, op);
}
inline void push(waiter& w, board& b) {
    detail::push_operation<crate> op{b.belt.ref(), crate::make(items_of_the_actor)};
    wait(w, op);
    require(op.error == errc{});
}
inline void push_three(waiter& w, board& b) {
    const auto all = crates_of_the_actor<3>();
    detail::push_some_operation<crate> op{b.belt.ref(), all};
    wait(w, op);
    require(op.error == errc{} && op.count == 3);
}
inline void pop(waiter& w, board& b) {
    detail::pop_operation<crate> op{b.belt.ref()};
    wait(w, op);
    require(op.error == errc{} && op.item().is_whole());
}
inline void pop_three(waiter& w, board& b) {
    std::array<crate, 3> all;
    detail::pop_some_operation<crate> op{b.belt.ref(), all};
    wait(w, op);
    require(op.error == errc{} && op.count == 3);
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
    {.name = "mutex: unlock", .of = books::door, .get_ready = [](board& b) { b.door.lock(); }, .act = acts::leave},
    {.name = "mutex: unlock, for a sleeper",
     .of = books::door,
     .get_ready = [](board& b) { b.door.lock(); },
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
    {.name = "semaphore: release",
     .of = books::permits,
     .effect = 1,
     .act = [](waiter&, board& b) { b.permits.release(); }},
    {.name = "semaphore: release, for a sleeper",
     .of = books::permits,
     .effect = 1,
     .act = [](waiter&, board& b) { b.permits.release(); },
     .beside = bystanders::acquire},
    {.name = "semaphore: release of two, for two sleepers",
     .of = books::permits,
     .effect = 2,
     .act = [](waiter&, board& b) { b.permits.release(2); },
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
    {.name = "event: set", .of = books::turnstile, .effect = 1, .act = [](waiter&, board& b) { b.turnstile.set(); }},
    {.name = "event: set, for a sleeper",
     .of = books::turnstile,
     .effect = 1,
     .act = [](waiter&, board& b) { b.turnstile.set(); },
     .beside = bystanders::pass},
    {.name = "event: reset",
     .of = books::turnstile,
     .effect = -1,
     .prepare = stages::set_the_turnstile,
     .act = [](waiter&, board& b) { b.turnstile.reset(); }},
    {.name = "manual event: wait, asleep before a bystander",
     .of = books::gate,
     .act = acts::pass_the_gate,
     .wake = stages::open_the_gate,
     .beside = bystanders::pass_the_gate},
    {.name = "manual event: set, for two sleepers",
     .of = books::gate,
     .act = [](waiter&, board& b) { b.gate.set(); },
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
     .act = [](waiter&, board& b) { b.belt.close(); },
     .beside = bystanders::pop,
     .how_many = 2},
    {.name = "queue: close, for two pushers",
     .of = books::belt,
     .prepare = stages::fill_the_belt,
     .act = [](waiter&, board& b) { b.belt.close(); },
     .beside = bystanders::push,
     .how_many = 2},
};

// ---------------------------------------------------------------------------------------- what happens on the board

/// The play of one scene, with fresh scenery: the one who acts is stepped, and cut short by the caller.
class play {
    const scene& what_;
    const char* way_;
    std::string name_;
    named<board> board_;

public:
    survivors s;

    play(const scene& what, const char* way_of_actor, const char* way_of_bystanders)
        : what_(what), way_(way_of_bystanders), name_(fresh_name()), board_(create_only, name_), s(*board_, name_) {
        if (what.prepare != nullptr)
            what.prepare(s);
        actor_ = std::make_unique<stepped_child>(
            "act", std::vector<std::string>{std::to_string(&what - scenes), way_of_actor, name_});
        if (what.wake == nullptr)
            seat_bystanders();
    }

    /// To the next landmark; false: there is none, it is over. What it sleeps for comes with the next step.
    bool step() {
        for (bool sleeps_on = false;; sleeps_on = true) {
            if (sleeps_ && (!sleeps_on || (all_through() && !is_there())))
                wake();
            const auto now = actor_->next();
            if (!std::exchange(sleeps_, now == stepped_child::step::asleep) || !sleeps_)
                return now != stepped_child::step::over;
            std::this_thread::yield(); // it has been woken and not got it, or it will not be long
        }
    }
    /// So many instructions further; false: that is not before the next landmark, and it stays there.
    bool creep(std::size_t instructions) {
        while (instructions-- > 0)
            if (sleeps_ || !actor_->creep())
                return false;
        return true;
    }

    /// Everyone who lives gets what he waits for, if need be from the survivors.
    void settle() {
        if (what_.wake != nullptr && !s.did_wake)
            wake();
        while (!all_through())
            if (is_there())
                std::this_thread::yield();
            else
                provide();
    }
    /// The bystanders are through, and may have got what was meant for the actor.
    void once_more() {
        if (what_.wake != nullptr)
            what_.wake(s);
    }
    [[nodiscard]] bool all_through() const {
        return std::all_of(bystanders_.begin(), bystanders_.end(), [](const auto& b) { return b->is_through(); });
    }
    [[nodiscard]] bool somebody_is_stuck() const {
        return std::any_of(bystanders_.begin(), bystanders_.end(), [](const auto& b) { return b->is_stuck(); });
    }
    [[nodiscard]] bool has_bystanders() const { return !bystanders_.empty(); }

    /// What there is, less what the survivors' books say; of permits, settings and items. Takes all of it.
    std::int64_t balance() {
        switch (what_.of) {
        case books::door:
        case books::gate:
            return 0;
        case books::permits:
            return s.b.permits.available() + s.taken - s.given;
        case books::turnstile:
            return (s.b.turnstile.is_set() ? 1 : 0) + s.taken - s.given;
        case books::belt:
            break;
        }
        while (!s.b.belt.empty())
            s.pop();
        return static_cast<std::int64_t>(s.popped().size()) - static_cast<std::int64_t>(s.pushed().size());
    }

    /// Every item that came out is whole.
    [[nodiscard]] bool items_are_whole() const {
        return std::all_of(s.popped().begin(), s.popped().end(), [](const crate& c) { return c.is_whole(); });
    }
    [[nodiscard]] bool an_item_came_twice() const {
        auto numbers = popped_numbers();
        std::sort(numbers.begin(), numbers.end());
        return std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end();
    }
    /// Each producer's came in order. Of what several threads took out, nobody can tell.
    [[nodiscard]] bool items_are_in_order() const {
        std::array<std::uint64_t, 3> next{}; // of the survivors, of the actor, of the bystanders
        for (const auto number : popped_numbers())
            if (auto& of = next.at(number / items_of_the_actor); number < of && !has_bystanders())
                return false;
            else
                of = number;
        return true;
    }

    [[nodiscard]] stepped_child& actor() { return *actor_; }
    /// Whatever flags are stored with it.
    [[nodiscard]] bool is_the_actor(detail::owner_token t) const {
        return backend::pack(backend::unpack(t)) == s.b.actor.load();
    }
    [[nodiscard]] bool actor_owns_the_door() const { return is_the_actor(mutex::lock_operation{s.b.door}.held_by()); }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    [[nodiscard]] std::vector<std::uint64_t> popped_numbers() const {
        std::vector<std::uint64_t> numbers;
        for (const auto& c : s.popped())
            numbers.push_back(c.number);
        return numbers;
    }
    void seat_bystanders() {
        if (what_.beside == nullptr || !bystanders_.empty())
            return;
        for (int i = 0; i < what_.how_many; ++i) {
            bystanders_.push_back(std::make_unique<bystander>(what_.beside, way_, s));
            bystanders_.back()->until_asleep();
        }
    }
    void wake() {
        if (!std::exchange(s.did_wake, true))
            seat_bystanders();
        what_.wake(s);
    }
    /// Whether that is there for which the bystanders wait: then they have to get it by themselves.
    [[nodiscard]] bool is_there() const {
        if (what_.beside == bystanders::acquire)
            return s.b.permits.available() > 0;
        if (what_.beside == bystanders::pass)
            return s.b.turnstile.is_set();
        if (what_.beside == bystanders::pass_the_gate)
            return s.b.gate.is_set();
        if (what_.beside == bystanders::pop)
            return s.b.belt.is_closed() || !s.b.belt.empty();
        if (what_.beside == bystanders::push)
            return s.b.belt.is_closed() || s.b.belt.size() < s.b.belt.capacity();
        return true;
    }
    void provide() {
        if (what_.beside == bystanders::acquire)
            s.release();
        else if (what_.beside == bystanders::pass)
            stages::set_the_turnstile(s);
        else if (what_.beside == bystanders::pass_the_gate)
            s.b.gate.set();
        else if (what_.beside == bystanders::pop)
            s.push();
        else if (what_.beside == bystanders::push)
            s.pop();
    }

    std::unique_ptr<stepped_child> actor_;
    std::vector<std::unique_ptr<bystander>> bystanders_;
    bool sleeps_ = false;
};

/// Calls perform(scene, way of the actor, way of the bystanders) for all that make a difference.
template <class Perform>
void for_each_scene(Perform&& perform) {
    for (const auto& what : scenes)
        for (const auto* const way : both_ways)
            for (const auto* const way_of_bystanders : both_ways) {
                const bool waits = what.wake != nullptr || way == both_ways[0];
                const bool is_waited = what.beside != nullptr || way_of_bystanders == both_ways[0];
                if (waits && is_waited)
                    perform(what, way, way_of_bystanders);
            }
}

} // namespace crosswake::test

// args: scene, way, board. The one who is cut short. Its own waits need no re-check: it has no survivor to care for.
CROSSWAKE_ROLE(act) {
    using namespace crosswake;
    using namespace crosswake::test;
    set_recheck_interval(std::chrono::hours(1));
    set_spin_limit({});
    waiter w{args[1]};
    const auto& what = scenes[std::stoul(args[0])];
    named<board> b{open_only, args[2]};
    b->actor.store(detail::this_process());
    if (what.get_ready != nullptr)
        what.get_ready(*b);
    stepped_child::begin();
    what.act(w, *b);
    stepped_child::end();
    if (what.act == acts::enter)
        b->door.unlock();
    return 0;
}

CROSSWAKE_ROLE(die_inside) {
    using namespace crosswake;
    named<test::board> b{open_only, args[0]};
    b->door.lock();
    ++b->left;
    test::child::kill_myself();
}

// Joins when all is over, and finds everything in working order. args: board.
CROSSWAKE_ROLE(come_later) {
    using namespace crosswake;
    using namespace crosswake::test;
    named<board> b{open_only, args[0]};
    waiter w{"awaits"};
    require(go_inside(w, *b));
    b->door.unlock();
    b->permits.release();
    acts::acquire(w, *b);
    b->turnstile.set();
    acts::pass(w, *b);
    b->gate.set();
    acts::pass_the_gate(w, *b);
    if (!b->belt.is_closed()) {
        acts::push(w, *b);
        acts::pop(w, *b);
    }
    return b->belt.empty() ? 0 : 1;
}
