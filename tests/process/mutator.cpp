// Processes at work on objects whose bytes somebody else changes at random, all the while.
#include <support/backend_bytes.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>

#include <backend/process.hpp>
#include <core/segment.hpp>
#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct board {
    semaphore permits{2};
    event flag{reset_mode::automatic};
    mutex door;
    queue<std::uint64_t, 5> items;
};

/// What nobody touches.
struct honest {
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> tokens[8]{};
    semaphore here;
};

template <class Operation, class... Args>
void wait_a_moment(waiter& w, Args&&... args) {
    Operation op{std::forward<Args>(args)...};
    (void)w.wait(op, deadline::after(2ms));
}

void work(board& b, waiter& w, std::uint64_t what) {
    switch (what % 12) {
    case 0:
        b.permits.release();
        break;
    case 1:
        return wait_a_moment<semaphore::acquire_operation>(w, b.permits);
    case 2:
        b.flag.set();
        break;
    case 3:
        return wait_a_moment<event::wait_operation>(w, b.flag);
    case 4:
        return wait_a_moment<mutex::lock_operation>(w, b.door);
    case 5:
        b.door.unlock();
        break;
    case 6:
        (void)b.items.try_push(what);
        break;
    case 7:
        (void)b.items.try_pop();
        break;
    case 8:
        return wait_a_moment<detail::push_operation<std::uint64_t>>(w, b.items.ref(), what);
    case 9:
        return wait_a_moment<detail::pop_operation<std::uint64_t>>(w, b.items.ref());
    case 10:
        b.permits.release(static_cast<std::int64_t>(what >> 20 & 0xffff));
        break;
    default:
        b.items.close();
    }
}

/// One change of the kind that a peer makes which is broken, or means harm.
void spoil(std::span<std::byte> bytes, std::mt19937_64& random, const honest& h) {
    const auto at = random() % (bytes.size() / 8) * 8;
    std::uint64_t word = 0;
    switch (random() % 5) {
    case 0:
        bytes[random() % bytes.size()] ^= static_cast<std::byte>(1u << random() % 8);
        return;
    case 1:
        word = random();
        break;
    case 2:
        word = random() % 16;
        break;
    case 3:
        word = h.tokens[random() % std::size(h.tokens)].load() | random() % 4;
        break;
    default:
        break;
    }
    std::memcpy(bytes.data() + at, &word, sizeof word);
}

} // namespace

// args: board, what is honest, way, number.
CROSSWAKE_ROLE(work_until_told) {
    named<honest> h{open_only, args[1]};
    auto random = generator(std::stoul(args[3]));
    h->tokens[std::stoul(args[3])].store(detail::this_process());
    waiter w{args[2]};
    named<board> b{open_only, args[0]};
    h->here.release();
    while (!h->over.load())
        try {
            if (random() % 64 == 0)
                named<board>{open_only, args[0]};
            work(*b, w, random());
        } catch (const std::system_error&) {
            // What is broken may be said to be.
        }
    return 0;
}

TEST_CASE("while somebody writes anything anywhere in their object, nobody crashes, and all end when they are told") {
    const auto name = fresh_name("board");
    const auto honest_name = fresh_name("honest");
    named<board> b{create_only, name};
    named<honest> h{create_only, honest_name};
    std::vector<child> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back("work_until_told",
                             std::vector<std::string>{name, honest_name, both_ways[i % 2], std::to_string(i)});
    for (std::size_t i = 0; i < workers.size(); ++i)
        h->here.acquire();

    auto& s = *detail::segment::holding(b.get());
    auto* const start = s.region().bytes();
    const std::span bytes(start, static_cast<std::byte*>(s.object()) + sizeof(board));
    const auto behind = backend_bytes(s.region());
    const std::vector<std::byte> as_made(bytes.begin(), bytes.end());
    auto random = generator(100);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(knob("CROSSWAKE_TEST_SECONDS", 2));
    std::uint64_t changes = 0;
    for (; std::chrono::steady_clock::now() < end; ++changes) {
        spoil(behind.empty() || changes % 2 == 0 ? bytes : behind, random, *h);
        if (changes % 64 == 0) // or all would be broken for good, and nothing be tried
            std::copy(as_made.begin(), as_made.end(), bytes.begin());
        if (changes % 16 == 0)
            std::this_thread::yield();
    }
    h->over.store(true);
    for (auto& w : workers)
        CHECK(w.wait() == 0);
    MESSAGE("changes: ", changes);
    std::copy(as_made.begin(), as_made.end(), bytes.begin());
}

// args: board, what is honest.
CROSSWAKE_ROLE(wake_until_told) {
    named<board> b{open_only, args[0]};
    named<honest> h{open_only, args[1]};
    h->here.release();
    while (!h->over.load())
        b->flag.set();
    return 0;
}

TEST_CASE("who keeps writing the dead into the seats keeps nobody who wakes at it for ever") {
    const auto name = fresh_name("board");
    const auto honest_name = fresh_name("honest");
    named<board> b{create_only, name};
    named<honest> h{create_only, honest_name};
    auto& s = *detail::segment::holding(b.get());
    auto fields = backend::unpack(detail::this_process());
    fields.birth ^= 1;
    const auto dead = backend::pack(fields);
    child c{"wake_until_told", {name, honest_name}};
    h->here.acquire();
    for (auto n = knob("CROSSWAKE_TEST_ROUNDS", 100'000); n-- > 0;) {
        for (std::size_t i = 0; i < core::private_seats; ++i) {
            s.seat(i).bell.store(3);
            s.seat(i).owner.store(dead);
        }
        s.for_each_word([](detail::wait_word& word) { word.seats.store(~std::uint64_t{0} >> 1); });
    }
    h->over.store(true);
    CHECK(c.wait() == 0);
}
