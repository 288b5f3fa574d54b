// Storms: processes at work on one primitive, and one of them killed, at a moment that nobody has chosen; over and
// over.
//
// Work comes in rounds. Each worker has a desk in shared memory where it enters what it is about to do, and what it has
// done. A worker is killed at its work, the others end what they are at, and the books have to balance: all is there
// but what the dead had in hand, and where that comes back, all. Another one takes its place.
//
// Workers look up as often as the library has them (CROSSWAKE_RECHECK_MS). Measured is for each of those who are left
// how long after the kill it had done one thing more: what it was at, or what it came to next.
#include <crash/bounds.hpp>

#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

using std::chrono::milliseconds;

constexpr std::size_t workers = 4;
constexpr std::size_t most_per_round = 100'000; // more than there is time for before a kill
constexpr std::size_t some = 3;                 // items at a time

/// Large, so that much of the time is spent on copying.
struct crate {
    std::uint64_t number = 0;
    std::array<std::uint64_t, 31> load{};

    static crate make(std::uint64_t number) {
        crate c{number, {}};
        c.load.fill(number * 0x9e37'79b9'7f4a'7c15);
        return c;
    }
    [[nodiscard]] bool is_whole() const { return load == make(number).load; }
};

/// What one worker says of itself. It counts what it is about to do, does it, and counts what it has done.
struct desk {
    semaphore start;
    std::atomic<bool> is_idle{false};
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> is_inside{false};                       // for certain
    std::atomic<std::uint64_t> told{0};                       // of an owner's death
    std::atomic<std::uint64_t> wrong{0};                      // what cannot be
    std::array<std::uint64_t, most_per_round + some> items{}; // that came out, `done` of them

    void clear() {
        is_idle.store(false);
        begun.store(0);
        done.store(0);
        is_inside.store(false);
        told.store(0);
        wrong.store(0);
    }
    /// At most the one thing that it is about to do.
    [[nodiscard]] std::uint64_t in_hand() const { return begun.load() - done.load(); }
};

constexpr std::int64_t pool_size = 2;

struct hall {
    std::array<desk, workers> desks;
    std::atomic<std::uint64_t> round{0};
    std::atomic<bool> halt{false};

    mutex door;
    std::uint64_t left = 0; // how many have been inside; equal to the right whenever nobody is
    std::uint64_t right = 0;
    semaphore pool{pool_size};
    event turnstile;
    std::atomic<std::uint64_t> whose_turn{0};
    std::atomic<std::uint64_t> dead{workers}; // whose desk, if anybody's
    event gate{reset_mode::manual};
    queue<crate, 8> belt;
    work_queue<crate, 8> shelf;
};

// The post stands beside the hall. Its letters are of many sizes, and more than fit are under way.
constexpr std::size_t post_bytes = 8000;
constexpr std::size_t letters = 8;

std::string post_of(const std::string& name_of_hall) {
    return name_of_hall + "-post";
}
std::size_t letter_bytes(std::uint64_t number) {
    return sizeof number + static_cast<std::size_t>(number % 1999);
}
void write_letter(std::span<std::byte> paper, std::uint64_t number) {
    std::memset(paper.data(), static_cast<int>(number & 0xff), paper.size());
    std::memcpy(paper.data(), &number, sizeof number);
}
std::uint64_t read_letter(std::span<const std::byte> paper, bool& is_whole) {
    std::uint64_t number = 0;
    std::memcpy(&number, paper.data(), std::min(sizeof number, paper.size()));
    is_whole = paper.size() == letter_bytes(number);
    for (auto i = sizeof number; i < paper.size() && is_whole; ++i)
        is_whole = paper[i] == static_cast<std::byte>(number);
    return number;
}

[[nodiscard]] std::uint64_t numbered(std::uint64_t round, std::uint64_t of_desk, std::uint64_t i) {
    return round << 40 | of_desk << 32 | i;
}
/// Beside the number of an item: somebody had it before, as was told.
constexpr std::uint64_t came_again = std::uint64_t{1} << 63;

/// The books of one storm: see the table in docs/reliability.md.
struct tally {
    std::size_t kills = 0;   // at work
    std::size_t inside = 0;  // of these, within an operation
    std::size_t at_rest = 0; // killed too late: had done all that there was for one round
    std::size_t stuck = 0;
    std::uint64_t in_hand = 0; // died with something in hand, and it is gone
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t wrong = 0; // two inside, torn or swapped items, a death not told
    std::size_t late = 0;    // of those who were left, who had not done one thing more in time
    milliseconds longest{0}; // that it took one of them to
};

/// A worker's view of its place.
struct place {
    waiter& way;
    hall& h;
    message_queue& post;
    desk& d;
    std::size_t number;

    void wait(operation& op) const { test::wait(way, op); }
};

/// What this process knows of a round.
struct round_books {
    hall& h;
    message_queue& post;
    std::size_t victim;
    std::vector<std::uint64_t> got{}; // here
    std::uint64_t given = 0;          // here: put in, or set

    void pop() {
        if (const auto c = h.belt.try_pop())
            got.push_back(c->number);
    }
    void push() {
        if (h.belt.try_push(crate::make(next())))
            ++given;
    }
    bool take(delivery<crate> d) {
        if (!d)
            return false;
        got.push_back(d.item().number | (d.redelivered() != 0 ? came_again : 0));
        d.confirm();
        return true;
    }
    void stock() {
        if (h.shelf.try_push(crate::make(next())))
            ++given;
    }
    bool receive() {
        const auto m = post.try_receive();
        if (!m)
            return false;
        bool is_whole = true;
        got.push_back(read_letter(m.data(), is_whole) | (m.redelivered() != 0 ? came_again : 0));
        return true;
    }
    void send() {
        auto r = post.try_reserve(letter_bytes(next()));
        if (!r)
            return;
        write_letter(r.data(), next());
        r.commit();
        ++given;
    }

private:
    [[nodiscard]] std::uint64_t next() const { return numbered(h.round.load(), workers, given); }
};

/// Of what the books of a storm can tell, beside who is stuck.
struct columns {
    bool in_hand = false;
    bool lost = false;
    bool duplicated = false;
    bool wrong = false;
};

struct storm {
    const char* name;
    columns tells{};
    /// Who may be killed: these desks.
    std::size_t first_victim = 0;
    std::size_t victims = workers;
    /// Does one thing.
    void (*work)(const place&) = nullptr;
    /// Sees to it that those who are left can end what they are at, unless what they need is there.
    void (*help)(round_books&) = [](round_books&) {};
    /// All others have ended what they were at.
    void (*check)(round_books&, tally&) = nullptr;
    /// Of the first to go on; of the others it is that of everybody.
    milliseconds bound_of_the_next = bound_of_everybody_else;
};

// ---------------------------------------------------------------------------------------------------- mutex and pool

/// As long as it takes for being killed here to be likely.
void be_busy() {
    for (int looks = 0; looks < 50; ++looks)
        (void)std::chrono::steady_clock::now();
}

void go_inside_and_out(const place& at) {
    auto& [way, h, post, d, number] = at;
    mutex::lock_operation op{h.door};
    d.begun.fetch_add(1);
    at.wait(op);
    d.is_inside.store(true);
    if (op.status == lock_status::acquired_from_dead_owner) {
        d.told.fetch_add(1);
        h.right = h.left;
        h.door.mark_sound();
    } else if (h.left != h.right) {
        d.wrong.fetch_add(1);
    }
    const auto visit = h.right + 1; // of two at a time, both would count the same one
    h.left = visit;
    be_busy();
    h.right = visit;
    d.is_inside.store(false);
    try {
        h.door.unlock();
    } catch (const std::system_error&) {
        d.wrong.fetch_add(1); // it is another one's
    }
    d.done.fetch_add(1);
}

void check_door(round_books& r, tally& t) {
    auto& h = r.h;
    const auto got = in_time([&](auto limit) { return h.door.try_lock_for(limit); });
    if (!got) {
        ++t.stuck;
        return;
    }
    std::uint64_t told = got == lock_status::acquired_from_dead_owner ? 1 : 0;
    for (const auto& d : h.desks)
        told += d.told.load();
    // Whether it died inside it may not have come to say.
    const auto& dead = h.desks[r.victim];
    t.wrong += told > 1 || (told == 0 && dead.is_inside.load()) || (told != 0 && dead.in_hand() == 0) ? 1u : 0u;
    t.wrong += got == lock_status::acquired && h.left != h.right ? 1u : 0u;
    t.in_hand += told;
    std::uint64_t visits = 0;
    for (const auto& d : h.desks)
        visits += d.done.load();
    t.lost += h.left < visits ? 1u : 0u;
    h.left = h.right = 0;
    h.door.mark_sound();
    h.door.unlock();
}

void borrow_from_the_pool(const place& at) {
    semaphore::acquire_operation op{at.h.pool};
    at.d.begun.fetch_add(1);
    at.wait(op);
    be_busy();
    at.h.pool.release();
    at.d.done.fetch_add(1);
}

void check_pool(round_books& r, tally& t) {
    const auto missing = pool_size - r.h.pool.available();
    const auto in_hand = static_cast<std::int64_t>(r.h.desks[r.victim].in_hand());
    t.in_hand += missing > 0 ? 1u : 0u;
    t.lost += missing > in_hand ? 1u : 0u;
    t.duplicated += missing < 0 ? 1u : 0u;
    if (missing > 0)
        r.h.pool.release(missing);
}

// ------------------------------------------------------------------------------------------------------------ events

void set_or_pass(const place& at) {
    at.d.begun.fetch_add(1);
    if (at.number < workers / 2) {
        at.h.turnstile.set();
    } else {
        event::wait_operation op{at.h.turnstile};
        at.wait(op);
    }
    at.d.done.fetch_add(1);
}

void help_to_pass(round_books& r) {
    if (!r.h.turnstile.is_set()) {
        r.h.turnstile.set();
        ++r.given;
    }
}

/// To set what is set is the same as to set it once, so that nothing can be said to be lost, nor how often it may be
/// passed: only nobody may be stuck.
void turn_it_back(round_books& r, tally& /*t*/) {
    r.h.turnstile.reset();
}

/// Who sets it does so in turn, and not while it is set: each time counts.
void set_in_turn_or_pass(const place& at) {
    auto& [way, h, post, d, number] = at;
    if (number >= workers / 2) {
        set_or_pass(at);
        return;
    }
    const auto other = workers / 2 - 1 - number;
    const bool nobody_else_sets = h.whose_turn.load() == number || h.dead.load() == other;
    if (!nobody_else_sets || h.turnstile.is_set()) {
        std::this_thread::yield();
        return;
    }
    set_or_pass(at);
    h.whose_turn.store(other);
}

void help_when_nobody_sets(round_books& r) {
    const auto& h = r.h;
    for (std::size_t i = 0; i < workers / 2; ++i)
        if (h.dead.load() != i && !h.desks[i].is_idle.load())
            return;
    help_to_pass(r);
}

void check_turnstile(round_books& r, tally& t) {
    auto& h = r.h;
    std::uint64_t sets = r.given;
    std::uint64_t passes = h.turnstile.is_set() ? 1 : 0;
    for (std::size_t i = 0; i < workers; ++i)
        (i < workers / 2 ? sets : passes) += h.desks[i].done.load();
    const auto in_hand = h.desks[r.victim].in_hand();
    const bool passed = r.victim >= workers / 2;
    t.in_hand += passes != sets ? 1u : 0u;
    t.lost += passes + (passed ? in_hand : 0) < sets ? 1u : 0u;
    t.duplicated += passes > sets + (passed ? 0 : in_hand) ? 1u : 0u;
    h.turnstile.reset();
}

void open_or_pass_the_gate(const place& at) {
    at.d.begun.fetch_add(1);
    if (at.number < workers / 2) {
        at.h.gate.set();
        at.h.gate.reset();
    } else {
        event::wait_operation op{at.h.gate};
        at.wait(op);
    }
    at.d.done.fetch_add(1);
}

void help_through_the_gate(round_books& r) {
    r.h.gate.set();
}

void shut_the_gate(round_books& r, tally& /*t*/) {
    r.h.gate.reset();
}

// ------------------------------------------------------------------------------------------------------------- queue

void push_one(const place& at) {
    auto& d = at.d;
    detail::push_operation<crate> op{at.h.belt.ref(),
                                     crate::make(numbered(at.h.round.load(), at.number, d.begun.fetch_add(1)))};
    at.wait(op);
    d.done.fetch_add(1);
}

void push_some(const place& at) {
    auto& d = at.d;
    std::array<crate, some> all;
    for (std::size_t i = 0; i < some; ++i)
        all[i] = crate::make(numbered(at.h.round.load(), at.number, d.done.load() + i));
    d.begun.fetch_add(some);
    detail::push_some_operation<crate> op{at.h.belt.ref(), all};
    at.wait(op);
    d.begun.store(d.done.fetch_add(op.count) + op.count);
}

void enter_as_popped(desk& d, const crate* all, std::size_t count) {
    const auto at = static_cast<std::size_t>(d.done.load());
    for (std::size_t i = 0; i < count; ++i) {
        if (!all[i].is_whole())
            d.wrong.fetch_add(1);
        d.items[at + i] = all[i].number;
    }
    d.done.store(at + count);
    d.begun.store(at + count);
}

void enter(desk& d, std::uint64_t number, bool is_whole, std::uint32_t redelivered) {
    if (!is_whole)
        d.wrong.fetch_add(1);
    const auto at = static_cast<std::size_t>(d.done.load());
    d.items[at] = number | (redelivered != 0 ? came_again : 0);
    d.done.store(at + 1);
}

void pop_one(const place& at) {
    detail::pop_operation<crate> op{at.h.belt.ref()};
    at.d.begun.fetch_add(1);
    at.wait(op);
    enter_as_popped(at.d, &op.item(), 1);
}

void pop_some(const place& at) {
    std::array<crate, some> all;
    detail::pop_some_operation<crate> op{at.h.belt.ref(), all};
    at.d.begun.fetch_add(some);
    at.wait(op);
    enter_as_popped(at.d, all.data(), op.count);
}

void push_or_pop(const place& at) {
    at.number < workers / 2 ? push_one(at) : pop_one(at);
}
void push_or_pop_some(const place& at) {
    at.number < workers / 2 ? push_some(at) : pop_some(at);
}

void help_at_the_belt(round_books& r) {
    if (r.h.belt.empty())
        r.push();
    else if (r.h.belt.size() == r.h.belt.capacity())
        r.pop();
}

/// All are out. What the dead had taken is gone with it, or comes back, as is told, to somebody else.
enum class taken : bool { is_gone, comes_back };

void check_items(round_books& r, taken by_the_dead, tally& t) {
    auto& h = r.h;
    // Each producer's items come in order, whoever takes them; but for those that came again.
    std::vector<std::uint64_t> all;
    std::vector<std::uint64_t> again;
    const auto collect = [&](const std::uint64_t* items, std::size_t count) {
        std::array<std::uint64_t, workers + 1> next{};
        for (std::size_t i = 0; i < count; ++i) {
            const auto number = items[i] & ~came_again;
            t.wrong += number >> 40 != h.round.load() ? 1u : 0u;
            if (number != items[i]) {
                again.push_back(number);
                continue;
            }
            auto& least = next[std::min<std::size_t>(number >> 32 & 0xff, workers)];
            t.wrong += number < least ? 1u : 0u;
            least = number;
            all.push_back(number);
        }
    };
    collect(r.got.data(), r.got.size());
    for (std::size_t i = workers / 2; i < workers; ++i)
        collect(h.desks[i].items.data(), static_cast<std::size_t>(h.desks[i].done.load()));
    std::sort(all.begin(), all.end());
    t.duplicated += std::adjacent_find(all.begin(), all.end()) != all.end() ? 1u : 0u;

    const auto& dead = h.desks[r.victim];
    const bool took = r.victim >= workers / 2;
    t.duplicated += again.size() > (took && by_the_dead == taken::comes_back ? 1 : 0) ? 1u : 0u;
    for (const auto number : again)
        if (!std::binary_search(all.begin(), all.end(), number))
            all.insert(std::upper_bound(all.begin(), all.end(), number), number);

    std::uint64_t certain = r.given;
    for (std::size_t i = 0; i < workers / 2; ++i)
        certain += h.desks[i].done.load();
    const auto there = static_cast<std::uint64_t>(all.size());
    t.lost += there + (took && by_the_dead == taken::is_gone ? dead.in_hand() : 0) < certain ? 1u : 0u;
    t.duplicated += there > certain + (took ? 0 : dead.in_hand()) ? 1u : 0u;
    t.in_hand += there != certain || !again.empty() ? 1u : 0u;
}

void check_belt(round_books& r, tally& t) {
    auto& belt = r.h.belt;
    while (!belt.empty())
        if (const auto c = in_time([&](auto limit) { return belt.pop_for(limit); }))
            r.got.push_back(c->number);
        else
            ++t.stuck;
    check_items(r, taken::is_gone, t);
}

// -------------------------------------------------------------------------------------------------------- work queue

void stock_or_take(const place& at) {
    auto& d = at.d;
    const auto shelf = at.h.shelf.ref();
    if (at.number < workers / 2) {
        detail::push_operation<crate, detail::work_queue_ref<crate>> op{
            shelf, crate::make(numbered(at.h.round.load(), at.number, d.begun.fetch_add(1)))};
        at.wait(op);
        d.done.fetch_add(1);
        return;
    }
    detail::take_operation<crate> op{shelf};
    d.begun.fetch_add(1);
    at.wait(op);
    auto taken = op.delivery();
    enter(d, taken.item().number, taken.item().is_whole(), taken.redelivered());
    taken.confirm();
}

void help_at_the_shelf(round_books& r) {
    if (r.h.shelf.size() == r.h.shelf.in_hand())
        r.stock();
    else if (!r.h.shelf.ref().can_push()) // full or not: a free place may lie between two that wait
        r.take(r.h.shelf.try_take());
}

void check_shelf(round_books& r, tally& t) {
    while (!r.h.shelf.empty()) // with what the dead has in hand
        if (!r.take(in_time([&](auto limit) { return r.h.shelf.take_for(limit); })))
            ++t.stuck;
    check_items(r, taken::comes_back, t);
}

// ------------------------------------------------------------------------------------------------------ message queue

void send_or_receive(const place& at) {
    auto& d = at.d;
    if (at.number < workers / 2) {
        const auto number = numbered(at.h.round.load(), at.number, d.begun.fetch_add(1));
        detail::reserve_operation op{at.post.ring(), letter_bytes(number)};
        at.wait(op);
        auto r = op.reservation();
        write_letter(r.data(), number);
        r.commit();
        d.done.fetch_add(1);
        return;
    }
    detail::receive_operation op{at.post.ring()};
    d.begun.fetch_add(1);
    at.wait(op);
    const auto m = op.message();
    bool is_whole = true;
    const auto number = read_letter(m.data(), is_whole);
    enter(d, number, is_whole, m.redelivered());
}

/// There may be room, and yet not enough for what somebody wants to send who is the last to leave.
void help_at_the_post(round_books& r) {
    const auto& desks = r.h.desks;
    const auto sends = [&](std::size_t i) { return i != r.victim && !desks[i].is_idle.load(); };
    if (r.post.empty())
        r.send();
    else if (r.h.halt.load() && (sends(0) || sends(1)))
        r.receive();
}

/// Until all room is there.
void check_post(round_books& r, tally& t) {
    const auto given_up = std::chrono::steady_clock::now() + stuck_after;
    while (r.receive() || !r.post.try_reserve(r.post.capacity()))
        if (std::chrono::steady_clock::now() > given_up) {
            ++t.stuck;
            break;
        }
    check_items(r, taken::comes_back, t);
}

// ------------------------------------------------------------------------------------------------------------ storms

constexpr columns all_there_are{.in_hand = true, .lost = true, .duplicated = true, .wrong = true};

const storm storms[] = {
    {.name = "mutex: lock, unlock",
     .tells = {.in_hand = true, .lost = true, .wrong = true},
     .work = go_inside_and_out,
     .check = check_door,
     .bound_of_the_next = bound_of_a_locks_next_owner},
    {.name = "semaphore: acquire, release",
     .tells = {.in_hand = true, .lost = true, .duplicated = true},
     .work = borrow_from_the_pool,
     .check = check_pool},
    {.name = "event: set", .victims = 2, .work = set_or_pass, .help = help_to_pass, .check = turn_it_back},
    {.name = "event: wait",
     .first_victim = 2,
     .victims = 2,
     .work = set_or_pass,
     .help = help_to_pass,
     .check = turn_it_back},
    {.name = "event: set, in turn",
     .tells = {.in_hand = true, .lost = true, .duplicated = true},
     .victims = 2,
     .work = set_in_turn_or_pass,
     .help = help_when_nobody_sets,
     .check = check_turnstile},
    {.name = "event: wait, set in turn",
     .tells = {.in_hand = true, .lost = true, .duplicated = true},
     .first_victim = 2,
     .victims = 2,
     .work = set_in_turn_or_pass,
     .help = help_when_nobody_sets,
     .check = check_turnstile},
    {.name = "manual event: set, reset",
     .victims = 2,
     .work = open_or_pass_the_gate,
     .help = help_through_the_gate,
     .check = shut_the_gate},
    {.name = "manual event: wait",
     .first_victim = 2,
     .victims = 2,
     .work = open_or_pass_the_gate,
     .help = help_through_the_gate,
     .check = shut_the_gate},
    {.name = "queue: push",
     .tells = all_there_are,
     .victims = 2,
     .work = push_or_pop,
     .help = help_at_the_belt,
     .check = check_belt},
    {.name = "queue: pop",
     .tells = all_there_are,
     .first_victim = 2,
     .victims = 2,
     .work = push_or_pop,
     .help = help_at_the_belt,
     .check = check_belt},
    {.name = "queue: push_some",
     .tells = all_there_are,
     .victims = 2,
     .work = push_or_pop_some,
     .help = help_at_the_belt,
     .check = check_belt},
    {.name = "queue: pop_some",
     .tells = all_there_are,
     .first_victim = 2,
     .victims = 2,
     .work = push_or_pop_some,
     .help = help_at_the_belt,
     .check = check_belt},
    {.name = "work_queue: push",
     .tells = all_there_are,
     .victims = 2,
     .work = stock_or_take,
     .help = help_at_the_shelf,
     .check = check_shelf},
    {.name = "work_queue: take, confirm",
     .tells = all_there_are,
     .first_victim = 2,
     .victims = 2,
     .work = stock_or_take,
     .help = help_at_the_shelf,
     .check = check_shelf},
    {.name = "message_queue: reserve, commit",
     .tells = all_there_are,
     .victims = 2,
     .work = send_or_receive,
     .help = help_at_the_post,
     .check = check_post},
    {.name = "message_queue: receive, release",
     .tells = all_there_are,
     .first_victim = 2,
     .victims = 2,
     .work = send_or_receive,
     .help = help_at_the_post,
     .check = check_post},
};

/// Until each of those who are left has done one thing more, or all there was. false: somebody is stuck.
template <class ThereIsTime>
bool watch_them_go_on(const storm& what, round_books& r, ThereIsTime&& there_is_time, tally& t) {
    const auto begun = std::chrono::steady_clock::now();
    std::array<std::uint64_t, workers> done_before{};
    std::transform(r.h.desks.begin(), r.h.desks.end(), done_before.begin(),
                   [](const desk& d) { return d.done.load(); });
    std::array<bool, workers> has_gone_on{};
    has_gone_on[r.victim] = true;
    auto bound = what.bound_of_the_next;
    for (auto left = workers - 1; left != 0 && there_is_time(); std::this_thread::yield()) {
        what.help(r);
        for (std::size_t i = 0; i < workers; ++i) {
            const auto& d = r.h.desks[i];
            if (has_gone_on[i] || (d.done.load() == done_before[i] && !d.is_idle.load()))
                continue;
            has_gone_on[i] = true;
            --left;
            const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
            t.longest = std::max(t.longest, took);
            t.late += took > std::exchange(bound, bound_of_everybody_else) ? 1u : 0u;
        }
    }
    return there_is_time();
}

/// Kills one worker, and lets the others come to an end. false: somebody is stuck.
bool kill_one(const storm& what, hall& h, message_queue& post, std::vector<child>& crew, std::size_t victim,
              std::mt19937_64& random, tally& t) {
    for (auto& d : h.desks)
        d.clear();
    h.round.fetch_add(1);
    h.halt.store(false);
    h.dead.store(workers);
    for (auto& d : h.desks)
        d.start.release();

    round_books r{h, post, victim};
    const auto enough = 1 + random() % 40; // it is at work, and goes on
    const auto& victims_desk = h.desks[victim];
    const auto given_up = std::chrono::steady_clock::now() + stuck_after;
    const auto there_is_time = [&] { return std::chrono::steady_clock::now() < given_up; };
    while (victims_desk.done.load() < enough && !victims_desk.is_idle.load() && there_is_time())
        what.help(r);
    if (!there_is_time()) {
        ++t.stuck;
        return false;
    }
    dawdle(random);
    crew[victim].kill();
    h.dead.store(victim);
    if (victims_desk.is_idle.load()) {
        ++t.at_rest;
    } else {
        ++t.kills;
        t.inside += victims_desk.in_hand() != 0 ? 1u : 0u;
    }

    if (!watch_them_go_on(what, r, there_is_time, t)) {
        ++t.stuck;
        return false;
    }
    h.halt.store(true);
    const auto all_idle = [&] {
        for (std::size_t i = 0; i < workers; ++i)
            if (i != victim && !h.desks[i].is_idle.load())
                return false;
        return true;
    };
    while (!all_idle() && there_is_time()) {
        what.help(r);
        std::this_thread::yield();
    }
    if (!all_idle()) {
        ++t.stuck;
        return false;
    }
    what.check(r, t);
    for (const auto& d : h.desks)
        t.wrong += d.wrong.load();
    return true;
}

} // namespace

// args: storm, way, hall, desk.
CROSSWAKE_ROLE(worker) {
    const auto& what = storms[std::stoul(args[0])];
    waiter w{args[1]};
    named<hall> h{open_only, args[2]};
    named<message_queue> post{open_only, post_of(args[2])};
    const auto number = std::stoul(args[3]);
    auto& d = h->desks[number];
    const place at{w, *h, *post, d, number};
    for (;;) {
        d.start.acquire();
        while (!h->halt.load() && d.done.load() < most_per_round)
            what.work(at);
        d.is_idle.store(true);
    }
}

TEST_CASE("in a storm of kills nothing is lost but what the dead had in hand, and nobody who lives is stuck") {
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 30);
    auto random = generator();
    std::printf(
        "| at work | way | kills | inside | at rest | in hand | stuck | lost | twice | wrong | left | late | longest, "
        "ms |\n");
    for (const auto& what : storms)
        for (const auto* const way : both_ways) {
            const auto storm_and_way = std::string(what.name) + ", " + way;
            CAPTURE(storm_and_way);
            tally t;
            const auto name = fresh_name();
            {
                named<hall> h{create_only, name};
                named<message_queue> post{create_only, post_of(name), post_bytes, letters};
                const auto hire = [&](std::size_t number) {
                    while (h->desks[number].start.try_acquire()) {
                    }
                    return child{"worker", {std::to_string(&what - storms), way, name, std::to_string(number)}};
                };
                std::vector<child> crew;
                for (std::size_t i = 0; i < workers; ++i)
                    crew.push_back(hire(i));
                for (bool goes_on = true; goes_on && t.kills < kills;) {
                    const auto victim = what.first_victim + static_cast<std::size_t>(random() % what.victims);
                    goes_on = kill_one(what, *h, *post, crew, victim, random, t);
                    crew[victim] = hire(victim);
                }
            }
            const auto left = objects_left(name);
            CHECK(t.kills == kills);
            CHECK(t.stuck == 0);
            CHECK(t.lost == 0);
            CHECK(t.duplicated == 0);
            CHECK(t.wrong == 0);
            CHECK(left == 0);
            CHECK((t.late == 0 || !being_late_fails()));
            const auto cell = [](bool is_told, std::uint64_t n) { return is_told ? std::to_string(n) : "-"; };
            std::printf("| %s | %s | %zu | %zu | %zu | %s | %zu | %s | %s | %s | %zu | %zu | %lld |\n", what.name, way,
                        t.kills, t.inside, t.at_rest, cell(what.tells.in_hand, t.in_hand).c_str(), t.stuck,
                        cell(what.tells.lost, t.lost).c_str(), cell(what.tells.duplicated, t.duplicated).c_str(),
                        cell(what.tells.wrong, t.wrong).c_str(), left, t.late,
                        static_cast<long long>(t.longest.count()));
            std::fflush(stdout);
        }
}
