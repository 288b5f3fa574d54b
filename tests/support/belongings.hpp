// One of each thing that a process can have in hand. Its owner keeps it while it lives, stopped or not, and others get
// it when it is dead, wherever they look from.
#pragma once

#include <support/in_time.hpp>
#include <support/recheck.hpp>

#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/work_queue.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace crosswake::test {

/// A lock, an item of work, a message, and the room for another one. What a process has of them it has until it says
/// otherwise, or dies.
class belongings {
public:
    /// The maker puts the item and the message there.
    belongings(create_only_t, const std::string& name, permissions who = permissions::this_user)
        : desk_(create_only, desk_of(name), who), post_(create_only, post_of(name), who, 2 * letter, 2) {
        desk_->work.push(1);
        post_->reserve(letter).commit();
    }
    belongings(open_only_t, const std::string& name, permissions who = permissions::this_user)
        : desk_(open_only, desk_of(name), who), post_(open_only, post_of(name), who) {}

    void take_all() {
        desk_->door.lock();
        item_ = desk_->work.take();
        message_ = post_->receive();
        room_ = post_->reserve(letter);
    }
    void be_done_with_all() {
        desk_->door.unlock();
        item_.confirm();
        message_.release();
        room_.abort();
    }

    /// Whether none can be had from the one who has them, in several looks at whether that one lives.
    [[nodiscard]] bool are_kept() {
        const recheck_each while_here(look_up);
        return !desk_->door.try_lock_for(5 * look_up) && !desk_->work.take_for(5 * look_up) &&
               !post_->receive_for(5 * look_up) && !post_->reserve_for(5 * look_up, letter);
    }
    /// Waits until they are free because their owner is dead, and is done with them. Whether that was told of each, and
    /// the lock did not stay with the dead.
    [[nodiscard]] bool come_from_the_dead() {
        const recheck_each while_here(look_up);
        const auto lock = in_time([this](auto limit) { return desk_->door.try_lock_for(limit); });
        if (!lock)
            return false;
        const bool lock_tells = *lock == lock_status::acquired_from_dead_owner;
        desk_->door.unlock();
        auto item = desk_->work.take();
        const bool item_tells = item.redelivered() == 1;
        item.confirm();
        const bool message_tells = post_->receive().redelivered() == 1;
        return lock_tells && item_tells && message_tells && post_->reserve(2 * letter);
    }
    /// Whether their owner was done with them.
    [[nodiscard]] bool are_done_with() {
        const bool is_sound = desk_->door.lock() == lock_status::acquired;
        desk_->door.unlock();
        return is_sound && desk_->work.empty() && post_->empty() && post_->try_reserve(2 * letter);
    }

private:
    struct desk {
        mutex door;
        work_queue<int, 1> work;
    };
    static constexpr std::size_t letter = 64;
    static constexpr std::chrono::milliseconds look_up{50};

    static std::string desk_of(const std::string& name) { return name + "-desk"; }
    static std::string post_of(const std::string& name) { return name + "-post"; }

    named<desk> desk_;
    named<message_queue> post_;
    delivery<int> item_;
    message message_;
    reservation room_;
};

} // namespace crosswake::test
