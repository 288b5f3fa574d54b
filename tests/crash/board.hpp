// Where those who are cut short and those who live on meet: every primitive has its place, and the survivors keep a
// ledger of what went in and came out.
#pragma once

#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/sleeper.hpp>

#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
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
    std::atomic<std::int64_t> actor_gives_up_at{0}; // on the clock of deadlines
    std::atomic<bool> actor_has_it{false};          // what it was about to give up waiting for
    mutex door;
    std::uint64_t left = 0; // equal to the right whenever nobody is inside the door
    std::uint64_t right = 0;
    semaphore permits;
    event turnstile;
    event gate{reset_mode::manual};
    queue<crate, 4> belt;
    work_queue<crate, 4> shelf;
};

// The post stands beside the board. Four letters fill it, by their number and by their room.
constexpr std::size_t letter_bytes = 100;
constexpr std::size_t letters_in_the_post = 4;
constexpr std::size_t post_bytes = letters_in_the_post * 128;

inline std::string post_of(const std::string& name_of_board) {
    return name_of_board + "-post";
}

inline void write_letter(std::span<std::byte> paper, std::uint64_t number) {
    const auto content = crate::make(number);
    std::memcpy(paper.data(), &content, sizeof content);
}
inline crate read_letter(std::span<const std::byte> paper) {
    crate content;
    if (paper.size() == letter_bytes)
        std::memcpy(static_cast<void*>(&content), paper.data(), sizeof content);
    return content;
}

/// For who is inside the door: whether it is alone there.
inline bool count_in(board& b, lock_status status) {
    if (status == lock_status::acquired_from_dead_owner)
        b.right = b.left;
    const bool alone = ++b.left == b.right + 1;
    return ++b.right == b.left && alone;
}
inline bool go_inside(waiter& w, board& b) {
    mutex::lock_operation op{b.door};
    wait(w, op);
    return count_in(b, op.status);
}

// ------------------------------------------------------------------------------------------------- those who live on

class survivors {
public:
    survivors(board& its, message_queue& its_post, std::string its_name) noexcept
        : b(its), post(its_post), name(std::move(its_name)) {}

    board& b;
    message_queue& post;
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

    // --- Belt, shelf and post: each waits and complains, or tries

    void push() {
        put([&](const crate& c) { return in_time([&](auto limit) { return b.belt.push_for(limit, c); }); });
    }
    bool try_push() {
        return put_if([&](const crate& c) { return b.belt.try_push(c); });
    }
    void pop() {
        require_one(note(in_time([&](auto limit) { return b.belt.pop_for(limit); })));
    }
    bool try_pop() { return note(b.belt.try_pop()); }

    void stock() {
        put([&](const crate& c) { return in_time([&](auto limit) { return b.shelf.push_for(limit, c); }); });
    }
    bool try_stock() {
        return put_if([&](const crate& c) { return b.shelf.try_push(c); });
    }
    void take() {
        require_one(note(in_time([&](auto limit) { return b.shelf.take_for(limit); })));
    }
    bool try_take() { return note(b.shelf.try_take()); }

    void send() {
        put([&](const crate& c) {
            return write(in_time([&](auto limit) { return post.reserve_for(limit, letter_bytes); }), c);
        });
    }
    bool try_send() {
        return put_if([&](const crate& c) { return write(post.try_reserve(letter_bytes), c); });
    }
    void receive() {
        require_one(note(in_time([&](auto limit) { return post.receive_for(limit); }).value_or(message())));
    }
    bool try_receive() { return note(post.try_receive()); }
    bool try_receive(std::error_code& error) { return note(post.try_receive(error)); }

    void note_put(std::uint64_t number) {
        const std::scoped_lock guard(lock_);
        put_.push_back(number);
    }
    void note_got(const crate& c, bool came_again = false) {
        const std::scoped_lock guard(lock_);
        got_.push_back(c);
        if (came_again)
            came_again_.push_back(c.number);
    }
    [[nodiscard]] const std::vector<std::uint64_t>& all_put() const noexcept { return put_; }
    [[nodiscard]] const std::vector<crate>& all_got() const noexcept { return got_; }
    /// Those that somebody had before, as was told.
    [[nodiscard]] const std::vector<std::uint64_t>& that_came_again() const noexcept { return came_again_; }

    /// A number for a sleeper's item.
    std::uint64_t fresh_number() { return sleepers_next_++; }

private:
    static bool write(std::optional<reservation> r, const crate& c) {
        if (!r || !*r)
            return false;
        write_letter(r->data(), c.number);
        r->commit();
        return true;
    }
    static void require_one(bool is_there) {
        if (!is_there)
            throw std::runtime_error("stuck");
    }
    template <class Put>
    bool put_if(Put&& is_put) {
        if (!is_put(crate::make(next_)))
            return false;
        note_put(next_++);
        return true;
    }
    template <class Put>
    void put(Put&& is_put) {
        require_one(put_if(is_put));
    }
    bool note(const std::optional<crate>& c) {
        if (c)
            note_got(*c);
        return c.has_value();
    }
    bool note(delivery<crate> d) {
        if (!d)
            return false;
        note_got(d.item(), d.redelivered() != 0);
        d.confirm();
        return true;
    }
    bool note(message m) {
        if (!m)
            return false;
        note_got(read_letter(m.data()), m.redelivered() != 0);
        m.release();
        return true;
    }

    std::mutex lock_;
    std::vector<std::uint64_t> put_;
    std::vector<crate> got_;
    std::vector<std::uint64_t> came_again_;
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
        s.note_got(op.item());
}
inline void push(waiter& w, survivors& s) {
    const auto c = crate::make(s.fresh_number());
    detail::push_operation<crate> op{s.b.belt.ref(), c};
    wait(w, op);
    if (op.error == errc{})
        s.note_put(c.number);
}
inline void take(waiter& w, survivors& s) {
    detail::take_operation<crate> op{s.b.shelf.ref()};
    wait(w, op);
    if (op.error != errc{})
        return;
    auto d = op.delivery();
    s.note_got(d.item(), d.redelivered() != 0);
    d.confirm();
}
inline void stock(waiter& w, survivors& s) {
    const auto c = crate::make(s.fresh_number());
    detail::push_operation<crate, detail::work_queue_ref<crate>> op{s.b.shelf.ref(), c};
    wait(w, op);
    if (op.error == errc{})
        s.note_put(c.number);
}
inline void receive(waiter& w, survivors& s) {
    detail::receive_operation op{s.post.ring()};
    wait(w, op);
    if (op.error != errc{})
        return;
    const auto m = op.message();
    s.note_got(read_letter(m.data()), m.redelivered() != 0);
}
inline void send(waiter& w, survivors& s) {
    detail::reserve_operation op{s.post.ring(), letter_bytes};
    wait(w, op);
    if (op.error != errc{})
        return;
    auto r = op.reservation();
    const auto number = s.fresh_number();
    write_letter(r.data(), number);
    r.commit();
    s.note_put(number);
}

} // namespace bystanders
} // namespace crosswake::test
