// One operation of the one who is cut short, on a board where every primitive has its place, and who waits beside it.
#pragma once

#include <crash/board.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace crosswake::test {

/// What a scene's books are about.
enum class books : unsigned char { door, permits, turnstile, gate, belt, shelf, post };

inline void require(bool ok) {
    if (!ok)
        throw std::runtime_error("what cannot be");
}

/// The one who is cut short, and what it has in hand.
struct actor {
    waiter& w;
    board& b;
    message_queue& post;
    bool is_inside = false;
    delivery<crate> works_on{};
    reservation writes{};
    message reads{};

    // A wait that it gives up; or not, if what it waits for comes at the last moment.
    std::shared_ptr<operation> wants{};
    std::function<void()> gets{};
    std::optional<remembered> hopes{};
    std::unique_ptr<reactor> bell{}; // awaited, it has begun before the actor is stepped

    template <class Operation, class... Args>
    Operation& want(Args&&... args) {
        auto op = std::make_shared<Operation>(std::forward<Args>(args)...);
        wants = op;
        if (w.awaits())
            begin_to_await();
        return *op;
    }
    deadline give_up_after(std::chrono::milliseconds time) {
        const auto until = deadline::after(time);
        b.actor_gives_up_at.store(until.steady_ns());
        return until;
    }
    /// How the wait ended. What it got is in its hand, and on the board it says so.
    void is_over_with(wait_result result) {
        if (result != wait_result::done)
            return;
        b.actor_has_it.store(true);
        if (gets)
            gets();
    }

    /// Nobody cut it short.
    void finish() {
        if (is_inside)
            b.door.unlock();
        if (works_on)
            works_on.confirm();
        if (writes) {
            write_letter(writes.data(), items_of_the_actor);
            writes.commit();
        }
        reads.release();
    }

private:
    /// Its deadline is soon, and is not looked at before the loop turns.
    void begin_to_await() {
        bell = std::make_unique<reactor>();
        auto began = start_result::timed_out;
        for (std::error_code error; began == start_result::timed_out;) {
            hopes.emplace(give_up_after(std::chrono::milliseconds(2)));
            began = bell->start(*hopes, *wants, error);
        }
        require(began == start_result::waiting);
    }
};

namespace acts {

/// Blocked, the wait begins here, too, and has time to fall asleep.
inline void time_out(actor& a) {
    if (!a.w.awaits())
        return a.is_over_with(a.w.wait(*a.wants, a.give_up_after(std::chrono::milliseconds(50))));
    poll_loop{*a.bell}.run_until([&a] { return a.hopes->is_over(); });
    a.is_over_with(a.hopes->result);
}
inline void cancel(actor& a) {
    a.bell->cancel(*a.hopes);
    a.is_over_with(a.hopes->result);
}
/// Its reactor leaves the seat, and what waits there is aborted.
inline void destroy_the_reactor(actor& a) {
    a.bell.reset();
}

} // namespace acts

struct scene {
    std::string name;
    books of;
    /// What the whole operation adds to what there is (permits, items), or takes away. If it is given up, none, unless
    /// it was quicker.
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
    /// The wait is given up; and somewhere amid that, what it waits for comes, and is enough for one.
    bool is_given_up = false;
    /// There is no other way than to await it.
    bool is_awaited = false;
};

template <std::size_t n>
std::array<crate, n> crates_of_the_actor() {
    std::array<crate, n> all;
    for (std::size_t i = 0; i < n; ++i)
        all[i] = crate::make(items_of_the_actor + i);
    return all;
}

inline scene timed_out(scene wait) {
    wait.name += ", timed out before a bystander";
    wait.act = acts::time_out;
    wait.is_given_up = true;
    return wait;
}
inline scene cancelled(scene wait) {
    wait.name += ", cancelled before a bystander";
    wait.act = acts::cancel;
    wait.is_given_up = true;
    wait.is_awaited = true;
    return wait;
}
inline scene destroyed(scene wait) {
    wait.name += ", its reactor destroyed before a bystander";
    wait.act = acts::destroy_the_reactor;
    wait.is_given_up = true;
    wait.is_awaited = true;
    return wait;
}

} // namespace crosswake::test
