// Processes at work on objects whose bytes somebody else changes at random, all the while. CROSSWAKE_TEST_SECONDS says
// how long.
#include <support/backend_bytes.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>

#include <backend/process.hpp>
#include <core/segment.hpp>
#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iterator>
#include <numeric>
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
    work_queue<std::uint64_t, 5> jobs;
};

// The post stands beside the board.
constexpr std::size_t post_bytes = 1024;
constexpr std::size_t letters = 5;

std::string post_of(const std::string& name_of_board) {
    return name_of_board + "-post";
}

/// What is spoiled, and who is at work on it. The last is what all of them wait with: seats, the list of words, and
/// what the system's side has beside them.
enum class part : unsigned char { semaphore, event, mutex, queue, work_queue, message_queue, waiting };
constexpr const char* names_of_parts[] = {"semaphore",  "event",         "mutex",  "queue",
                                          "work_queue", "message_queue", "waiting"};
constexpr std::size_t parts = std::size(names_of_parts);

constexpr std::uint64_t most_changes_per_call = 32;

/// What nobody touches.
struct honest {
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> tokens[8]{};
    semaphore here;
    // For opening the objects anew, beside the last.
    std::atomic<std::uint64_t> calls[parts]{};
    std::atomic<std::uint64_t> in_vain[parts]{}; // of these: there was nothing, or not in time
    std::atomic<std::uint64_t> refused[parts]{}; // of these: they ended in an error
};

/// What a call came to; an error is thrown.
enum class outcome : bool { in_vain, done };

/// What a process works at, and what it has in hand of it.
class worker {
public:
    worker(const std::string& board, const std::string& way)
        : on_(open_only, board), post_(open_only, post_of(board)), w_(way) {}

    outcome work(std::uint64_t what);
    /// On what work(what) works.
    static part of(std::uint64_t what);

private:
    /// Throws the error that it ended in.
    template <class Operation>
    outcome wait_a_moment(Operation& op) {
        if (w_.wait(op, deadline::after(200us)) != wait_result::done)
            return outcome::in_vain;
        if constexpr (requires { op.error; })
            raise_if(make_error_code(op.error));
        return outcome::done;
    }
    static void raise_if(std::error_code error) {
        if (error)
            throw std::system_error(error);
    }

    named<board> on_;
    named<message_queue> post_;
    waiter w_;
    delivery<std::uint64_t> job_;
    reservation sheet_;
    message letter_;
    std::uint64_t read_ = 0; // of no use but to have been read
};

outcome worker::work(std::uint64_t what) {
    auto& b = *on_;
    const auto any = what >> 20 & 0xffff;
    const bool yes = any % 2 == 0;
    const auto any_size = static_cast<std::size_t>(any % post_bytes);
    const auto outcome_if = [](bool done) { return done ? outcome::done : outcome::in_vain; };
    std::error_code error;
    switch (what % 20) {
    case 0:
        b.permits.release();
        return outcome::done;
    case 1: {
        semaphore::acquire_operation op{b.permits};
        return wait_a_moment(op);
    }
    case 2:
        b.flag.set();
        return outcome::done;
    case 3: {
        event::wait_operation op{b.flag};
        return wait_a_moment(op);
    }
    case 4: {
        mutex::lock_operation op{b.door};
        return wait_a_moment(op);
    }
    case 5:
        b.door.unlock();
        return outcome::done;
    case 6: {
        const bool is_in = b.items.try_push(what, error);
        raise_if(error);
        return outcome_if(is_in);
    }
    case 7: {
        const auto item = b.items.try_pop(error);
        raise_if(error);
        return outcome_if(item.has_value());
    }
    case 8: {
        detail::push_operation<std::uint64_t> op{b.items.ref(), what};
        return wait_a_moment(op);
    }
    case 9: {
        detail::pop_operation<std::uint64_t> op{b.items.ref()};
        return wait_a_moment(op);
    }
    case 10:
        b.permits.release(static_cast<std::int64_t>(any));
        return outcome::done;
    case 11: {
        detail::push_operation<std::uint64_t, detail::work_queue_ref<std::uint64_t>> op{b.jobs.ref(), what};
        return wait_a_moment(op);
    }
    case 12: {
        detail::take_operation<std::uint64_t> op{b.jobs.ref()};
        const auto came_to = wait_a_moment(op);
        if (came_to == outcome::done)
            job_ = op.delivery();
        return came_to;
    }
    case 13: {
        auto mine = std::exchange(job_, {});
        if (!mine)
            return outcome::in_vain;
        yes ? mine.confirm() : mine.put_back();
        return outcome::done;
    }
    case 14: {
        detail::reserve_operation op{post_->ring(), any_size};
        const auto came_to = wait_a_moment(op);
        if (came_to == outcome::done)
            sheet_ = op.reservation();
        return came_to;
    }
    case 15: {
        std::fill(sheet_.data().begin(), sheet_.data().end(), static_cast<std::byte>(what));
        auto mine = std::exchange(sheet_, {});
        if (!mine)
            return outcome::in_vain;
        yes ? mine.commit(mine.size() / 2) : mine.abort();
        return outcome::done;
    }
    case 16: {
        detail::receive_operation op{post_->ring()};
        const auto came_to = wait_a_moment(op);
        if (came_to == outcome::done)
            letter_ = op.message();
        return came_to;
    }
    case 17: {
        for (const auto byte : letter_.data())
            read_ += static_cast<std::uint64_t>(byte);
        auto mine = std::exchange(letter_, {});
        if (!mine)
            return outcome::in_vain;
        yes ? mine.release() : mine.put_back();
        return outcome::done;
    }
    case 18:
        read_ += b.jobs.size() + b.jobs.in_hand() + post_->size();
        return outcome::done;
    default:
        any % 3 == 0 ? b.items.close() : any % 3 == 1 ? b.jobs.close() : post_->close();
        return outcome::done;
    }
}

part worker::of(std::uint64_t what) {
    using enum part;
    const auto closed = (what >> 20 & 0xffff) % 3;
    constexpr part all[] = {semaphore,     semaphore,     event,         event,      mutex,
                            mutex,         queue,         queue,         queue,      queue,
                            semaphore,     work_queue,    work_queue,    work_queue, message_queue,
                            message_queue, message_queue, message_queue, work_queue};
    return what % 20 < std::size(all) ? all[what % 20] : closed == 0 ? queue : closed == 1 ? work_queue : message_queue;
}

/// One change of the kind that a peer makes which is broken, or means harm. Returns where.
std::size_t spoil(std::span<std::byte> bytes, std::mt19937_64& random, const honest& h) {
    auto at = random() % (bytes.size() / 8) * 8;
    std::uint64_t word = 0;
    switch (random() % 5) {
    case 0:
        at = random() % bytes.size();
        bytes[at] ^= static_cast<std::byte>(1u << random() % 8);
        return at;
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
    return at;
}

/// Where a part of an object lies.
struct place {
    part what;
    const void* at;
    std::size_t bytes;
};

/// An object to be spoiled, and its bytes as they were made.
class victim {
public:
    victim(const void* object, std::vector<place> places)
        : victim(*detail::segment::holding(object), std::move(places)) {}

    /// Returns which part did.
    part suffer(std::mt19937_64& random, const honest& h) {
        const auto bytes = behind_.empty() || ++changes_ % 2 == 0 ? bytes_ : behind_;
        const auto* const at = bytes.data() + spoil(bytes, random, h);
        const auto found = std::find_if(places_.begin(), places_.end(), [at](const place& p) {
            const auto* const from = static_cast<const std::byte*>(p.at);
            return std::less_equal<>{}(from, at) && std::less<>{}(at, from + p.bytes);
        });
        return found == places_.end() ? part::waiting : found->what;
    }
    void recover() { std::copy(as_made_.begin(), as_made_.end(), bytes_.begin()); }

private:
    victim(detail::segment& s, std::vector<place> places)
        : places_(std::move(places)),
          bytes_(s.region().bytes(), static_cast<std::byte*>(s.object()) + s.object_bytes()),
          behind_(backend_bytes(s.region())), as_made_(bytes_.begin(), bytes_.end()) {}

    std::vector<place> places_;
    std::span<std::byte> bytes_;
    std::span<std::byte> behind_;
    std::vector<std::byte> as_made_;
    std::uint64_t changes_ = 0;
};

} // namespace

// args: board, what is honest, way, number.
CROSSWAKE_ROLE(work_until_told) {
    named<honest> h{open_only, args[1]};
    auto random = generator(std::stoul(args[3]));
    h->tokens[std::stoul(args[3])].store(detail::this_process());
    worker me{args[0], args[2]};
    h->here.release();
    while (!h->over.load()) {
        const bool opens = random() % 64 == 0;
        const auto what = random();
        const auto of = static_cast<std::size_t>(opens ? part::waiting : worker::of(what));
        h->calls[of].fetch_add(1);
        try {
            if (opens) {
                named<board>{open_only, args[0]};
                const named<message_queue> post{open_only, post_of(args[0])};
                (void)post->try_push(post->try_receive().data());
            } else if (me.work(what) == outcome::in_vain) {
                h->in_vain[of].fetch_add(1);
            }
        } catch (const std::system_error&) {
            h->refused[of].fetch_add(1); // what is broken may be said to be
        }
    }
    return 0;
}

TEST_CASE("while somebody writes anything anywhere in their object, nobody crashes, and all end when they are told") {
    const auto name = fresh_name("board");
    const auto honest_name = fresh_name("honest");
    named<board> b{create_only, name};
    named<message_queue> post{create_only, post_of(name), post_bytes, letters};
    named<honest> h{create_only, honest_name};
    const auto* const ring = &post->ring().core();
    victim victims[] = {// while nobody is at work
                        victim(b.get(), {{part::semaphore, &b->permits, sizeof b->permits},
                                         {part::event, &b->flag, sizeof b->flag},
                                         {part::mutex, &b->door, sizeof b->door},
                                         {part::queue, &b->items, sizeof b->items},
                                         {part::work_queue, &b->jobs, sizeof b->jobs}}),
                        victim(ring, {{part::message_queue, ring, detail::segment::holding(ring)->object_bytes()}})};
    std::vector<child> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back("work_until_told",
                             std::vector<std::string>{name, honest_name, both_ways[i % 2], std::to_string(i)});
    for (std::size_t i = 0; i < workers.size(); ++i)
        h->here.acquire();

    auto random = generator(100);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(knob("CROSSWAKE_TEST_SECONDS", 2));
    std::uint64_t changes = 0;
    std::uint64_t rounds = 0;
    std::uint64_t spoiled[parts]{};
    const auto calls = [&h] { return std::accumulate(std::begin(h->calls), std::end(h->calls), std::uint64_t{0}); };
    for (; std::chrono::steady_clock::now() < end; ++changes) {
        auto& v = victims[changes % 2];
        ++spoiled[static_cast<std::size_t>(v.suffer(random, *h))];
        if (changes % 128 < 2) { // or all would be broken for good, and nothing be tried
            v.recover();
            rounds += changes % 128;
        }
        // Or there would be many rounds between one call and the next.
        while (changes > most_changes_per_call * (1 + calls()) && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
    }
    h->over.store(true);
    for (auto& w : workers)
        CHECK(w.wait() == 0);
    const auto n = [](std::uint64_t of) { return static_cast<unsigned long long>(of); };
    std::printf("%llu changes in %llu rounds, after each of which all was as it had been made:\n| | changes | calls | "
                "of these, in vain | ended in an error |\n",
                n(changes), n(rounds));
    for (std::size_t i = 0; i < parts; ++i) {
        CAPTURE(names_of_parts[i]);
        CHECK(spoiled[i] > 0);
        CHECK(h->calls[i].load() > 0);
        std::printf("| %s | %llu | %llu | %llu | %llu |\n", names_of_parts[i], n(spoiled[i]), n(h->calls[i]),
                    n(h->in_vain[i]), n(h->refused[i]));
    }
    for (auto& v : victims)
        v.recover();
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
