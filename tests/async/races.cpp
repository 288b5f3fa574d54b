// Cancellation and deadlines against a grant that comes from another process. Whatever the order, the books balance:
// what was granted is with whoever was told so, and all else is still to be had.
//
// Three processes. The granter gives one thing a round. The test races for it: it wants it, and changes its mind at
// about the same time. The witness wants it all the time, half the times with a blocked thread and half the times
// awaited; a round is over when either has got it. So a grant that is lost, or a ring that is swallowed and not
// passed on, is a round that never ends.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/spin.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::uint32_t from_test = 1;
constexpr std::uint32_t from_witness = 2;

struct board {
    semaphore permits;
    event setting{reset_mode::automatic};
    mutex door;
    queue<std::uint32_t, 4> items;
    queue<std::uint32_t, 1> room; // full between rounds
    work_queue<std::uint32_t, 4> work;
    work_queue<std::uint32_t, 1> work_room; // full between rounds

    semaphore go;       // the granter may grant
    semaphore answered; // the witness got it
    semaphore begun;    // the granter may take the lock: nobody else has a claim to it
    semaphore held;     // the granter has the lock
    semaphore turn;     // the witness may ask for the lock
    std::atomic<std::uint32_t> stop{0};
    std::atomic<std::uint32_t> witnessed{0};
    std::atomic<std::uint32_t> inside{0};
    std::atomic<std::uint32_t> broken{0}; // promises broken in other processes
    std::atomic<std::uint32_t> room_popped_from_test{0};
    std::atomic<std::uint32_t> room_popped_from_witness{0};
    std::uint64_t visits = 0; // changed by the holder of the lock alone
};

void visit(board& b) {
    if (b.inside.fetch_add(1) != 0)
        ++b.broken;
    ++b.visits;
    b.inside.fetch_sub(1);
}

// An operation to race for. begin: wants it; take: blocks until it has it.
struct acquire_race {
    static constexpr const char* name = "async_acquire";
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_acquire(b.permits, std::move(h));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_acquire_for(b.permits, t, std::move(h));
    }
    static void take(board& b) { b.permits.acquire(); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t) { b.permits.release(); }
    static bool balances(board& b, std::uint32_t, std::uint32_t) { return b.permits.available() == 0; }
};

struct event_race {
    static constexpr const char* name = "async_wait";
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_wait(b.setting, std::move(h));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_wait_for(b.setting, t, std::move(h));
    }
    static void take(board& b) { b.setting.wait(); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t) { b.setting.set(); }
    static bool balances(board& b, std::uint32_t, std::uint32_t) { return !b.setting.is_set(); }
};

struct lock_race {
    static constexpr const char* name = "async_lock";
    template <class Handler>
    static auto visiting(board& b, Handler h) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        return asio::bind_cancellation_slot(
            slot, asio::bind_executor(ex, [&b, h = std::move(h)](error_code ec, unique_lock hold) mutable {
                if (hold.owns_lock() != !ec)
                    ++b.broken;
                if (hold) {
                    visit(b);
                    hold.unlock(); // before anybody is told, who may close the handle
                }
                h(ec);
            }));
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_lock(b.door, visiting(b, std::move(h)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_lock_for(b.door, t, visiting(b, std::move(h)));
    }
    static void take(board& b) {
        const unique_lock hold(b.door);
        visit(b);
    }
    static void prepare(board& b) {
        b.begun.acquire();
        b.door.lock();
        visit(b);
        b.held.release();
        b.turn.release();
    }
    static void grant(board& b, std::uint32_t) { b.door.unlock(); }
    static bool balances(board& b, std::uint32_t rounds, std::uint32_t granted) {
        return b.visits == std::uint64_t{2} * rounds + granted && b.door.try_lock() == lock_status::acquired;
    }
};

struct pop_race {
    static constexpr const char* name = "async_pop";
    template <class Handler>
    static auto looking(board& b, Handler h) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        return asio::bind_cancellation_slot(
            slot, asio::bind_executor(ex, [&b, h = std::move(h)](error_code ec, std::uint32_t item) mutable {
                if ((item != 0) != !ec)
                    ++b.broken;
                h(ec);
            }));
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_pop(b.items, looking(b, std::move(h)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_pop_for(b.items, t, looking(b, std::move(h)));
    }
    static void take(board& b) { b.items.pop(); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t round) { b.items.push(round + 1); }
    static bool balances(board& b, std::uint32_t, std::uint32_t) { return b.items.empty(); }
};

struct push_race {
    static constexpr const char* name = "async_push";
    inline static std::uint32_t mine = from_test; // tells this process's items from others'
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_push(b.room, mine, std::move(h));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_push_for(b.room, t, mine, std::move(h));
    }
    static void take(board& b) { b.room.push(mine); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t) { note(b, b.room.pop()); }
    // What came out, and what is in there now, is the first one and what was granted.
    static bool balances(board& b, std::uint32_t rounds, std::uint32_t granted) {
        note(b, b.room.pop());
        return b.room.empty() && b.room_popped_from_test == granted + 1 &&
               b.room_popped_from_witness == rounds - granted + 1; // one more for its end
    }
    static void note(board& b, std::uint32_t item) {
        ++(item == from_witness ? b.room_popped_from_witness : b.room_popped_from_test);
    }
};

/// What is taken is confirmed.
struct take_race {
    static constexpr const char* name = "async_take";
    static void settle(board& b, delivery<std::uint32_t> d) {
        if (b.inside.fetch_add(1) != 0)
            ++b.broken;
        b.inside.fetch_sub(1);
        d.confirm();
    }
    template <class Handler>
    static auto confirming(board& b, Handler h) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        return asio::bind_cancellation_slot(
            slot, asio::bind_executor(ex, [&b, h = std::move(h)](error_code ec, delivery<std::uint32_t> d) mutable {
                if (d.holds() != !ec || d.redelivered() != 0)
                    ++b.broken;
                if (d)
                    settle(b, std::move(d)); // before anybody is told, who may close the handle
                h(ec);
            }));
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_take(b.work, confirming(b, std::move(h)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_take_for(b.work, t, confirming(b, std::move(h)));
    }
    static void take(board& b) { settle(b, b.work.take()); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t round) { b.work.push(round + 1); }
    static bool balances(board& b, std::uint32_t, std::uint32_t) { return b.work.empty(); }
};

/// The room is there once the item before is taken and confirmed.
struct work_push_race : push_race {
    static constexpr const char* name = "async_push, work queue";
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_push(b.work_room, mine, std::move(h));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_push_for(b.work_room, t, mine, std::move(h));
    }
    static void take(board& b) { b.work_room.push(mine); }
    static void grant(board& b, std::uint32_t) {
        auto d = b.work_room.take();
        note(b, d.item());
        d.confirm();
    }
    static bool balances(board& b, std::uint32_t rounds, std::uint32_t granted) {
        grant(b, 0);
        return b.work_room.empty() && b.room_popped_from_test == granted + 1 &&
               b.room_popped_from_witness == rounds - granted + 1; // one more for its end
    }
};

/// Several at a time, of which one comes.
struct pop_some_race : pop_race {
    static constexpr const char* name = "async_pop_some";
    template <class Start, class Handler>
    static void with_room(board& b, Handler h, Start start) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        auto room = std::make_unique<std::array<std::uint32_t, 3>>();
        auto& items = *room;
        start(items,
              asio::bind_cancellation_slot(slot, asio::bind_executor(ex, [&b, h = std::move(h), room = std::move(room)](
                                                                             error_code ec, std::size_t n) mutable {
                                               if (n != (ec ? 0 : 1) || (n == 1) != (room->front() != 0))
                                                   ++b.broken;
                                               h(ec);
                                           })));
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        with_room(b, std::move(h), [&b](auto& items, auto g) { async_pop_some(b.items, items, std::move(g)); });
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        with_room(b, std::move(h),
                  [&b, t](auto& items, auto g) { async_pop_some_for(b.items, t, items, std::move(g)); });
    }
};

struct push_some_race : push_race {
    static constexpr const char* name = "async_push_some";
    template <class Handler>
    static auto counting(board& b, Handler h) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        return asio::bind_cancellation_slot(
            slot, asio::bind_executor(ex, [&b, h = std::move(h)](error_code ec, std::size_t n) mutable {
                if (n != (ec ? 0 : 1))
                    ++b.broken;
                h(ec);
            }));
    }
    static std::span<const std::uint32_t> items() {
        static const std::array<std::uint32_t, 2> two{mine, mine};
        return two;
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_push_some(b.room, items(), counting(b, std::move(h)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_push_some_for(b.room, t, items(), counting(b, std::move(h)));
    }
    static void take(board& b) {
        if (b.room.push_some(items()) != 1)
            ++b.broken;
    }
};

/// One queue of messages beside the board, in which there is none, or which is full, between rounds.
struct beside_the_board {
    inline static std::optional<named<message_queue>> q;
    static void create(const std::string& board_name) { q.emplace(create_only, board_name + ".q", 64, 1); }
    static void open(const std::string& board_name) { q.emplace(open_only, board_name + ".q"); }

    static void send(message_queue& to, std::uint32_t number) { fill(to.reserve(sizeof number), number); }
    static void fill(reservation r, std::uint32_t number) {
        std::memcpy(r.data().data(), &number, sizeof number);
        r.commit();
    }
    static std::uint32_t read(const message& m) {
        std::uint32_t number = 0;
        if (m.size() == sizeof number)
            std::memcpy(&number, m.data().data(), sizeof number);
        return number;
    }
    /// A handler that has `look` use up what it gets, and then calls h(ec): who is told may close the handle.
    template <class Handler, class Look>
    static auto with(Handler h, Look look) {
        auto ex = asio::get_associated_executor(h);
        auto slot = asio::get_associated_cancellation_slot(h);
        return asio::bind_cancellation_slot(
            slot, asio::bind_executor(ex, [look, h = std::move(h)](error_code ec, auto got) mutable {
                look(ec, std::move(got));
                h(ec);
            }));
    }
};

struct receive_race : beside_the_board {
    static constexpr const char* name = "async_receive";
    static auto looking(board& b) {
        return [&b](error_code ec, message m) { // released here
            if ((read(m) != 0) != !ec || m.redelivered() != 0)
                ++b.broken;
        };
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_receive(**q, with(std::move(h), looking(b)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_receive_for(**q, t, with(std::move(h), looking(b)));
    }
    static void take(board&) { (void)(*q)->receive(); }
    static void prepare(board&) {}
    static void grant(board&, std::uint32_t round) { send(**q, round + 1); }
    static bool balances(board&, std::uint32_t, std::uint32_t) {
        return (*q)->empty() && (*q)->try_reserve(64); // and nothing is on loan
    }
};

struct reserve_race : beside_the_board {
    static constexpr const char* name = "async_reserve";
    static void create(const std::string& board_name) {
        beside_the_board::create(board_name);
        send(**q, from_test);
    }
    static auto filling(board& b) {
        return [&b](error_code ec, reservation r) {
            if (static_cast<bool>(r) != !ec)
                ++b.broken;
            if (r)
                fill(std::move(r), push_race::mine);
        };
    }
    template <class Handler>
    static void begin(board& b, Handler h) {
        async_reserve(**q, sizeof(std::uint32_t), with(std::move(h), filling(b)));
    }
    template <class Handler>
    static void begin_for(board& b, std::chrono::nanoseconds t, Handler h) {
        async_reserve_for(**q, t, sizeof(std::uint32_t), with(std::move(h), filling(b)));
    }
    static void take(board&) { send(**q, push_race::mine); }
    static void prepare(board&) {}
    static void grant(board& b, std::uint32_t) { push_race::note(b, read((*q)->receive())); }
    static bool balances(board& b, std::uint32_t rounds, std::uint32_t granted) {
        grant(b, 0);
        return (*q)->empty() && b.room_popped_from_test == granted + 1 &&
               b.room_popped_from_witness == rounds - granted + 1; // one more for its end
    }
};

/// What a race has beside the board, while this lives.
template <class Race>
class what_is_beside {
    static constexpr bool is_something = std::is_base_of_v<beside_the_board, Race>;

public:
    what_is_beside(create_only_t, const std::string& board_name) {
        if constexpr (is_something)
            Race::create(board_name);
    }
    what_is_beside(open_only_t, const std::string& board_name) {
        if constexpr (is_something)
            Race::open(board_name);
    }
    what_is_beside(const what_is_beside&) = delete;
    what_is_beside& operator=(const what_is_beside&) = delete;
    ~what_is_beside() { beside_the_board::q.reset(); }
};

template <class Race>
int run_granter(const role_arguments& args) {
    named<board> b{open_only, args[0]};
    const what_is_beside<Race> beside(open_only, args[0]);
    const auto rounds = static_cast<std::uint32_t>(std::stoul(args[2]));
    auto random = generator(std::stoull(args[3]));
    for (std::uint32_t round = 0; round < rounds; ++round) {
        Race::prepare(*b);
        b->go.acquire();
        spin(random() % 4000);
        Race::grant(*b, round);
    }
    // By the way that this run is about: no other one made up for it.
    const char* const bell = std::getenv("CROSSWAKE_BELL");
    const bool through_segment = bell != nullptr && std::string_view(bell) == "inotify";
    return bell_mechanism_in_use() == (through_segment ? bell_mechanism::segment : bell_mechanism::direct) ? 0 : 1;
}

template <class Race>
int run_witness(const role_arguments& args) {
    named<board> b{open_only, args[0]};
    const what_is_beside<Race> beside(open_only, args[0]);
    push_race::mine = from_witness;
    asio::io_context context;
    for (bool awaited = true;; awaited = !awaited) {
        b->turn.acquire();
        if (std::is_same_v<Race, lock_race> && b->stop != 0)
            return 0;
        if (awaited) {
            Race::begin(*b, asio::bind_executor(context.get_executor(), [&](error_code ec) {
                if (ec)
                    ++b->broken;
            }));
            context.restart();
            context.run();
        } else {
            Race::take(*b);
        }
        if (b->stop != 0)
            return 0;
        ++b->witnessed;
        b->answered.release();
    }
}

template <template <class> class Call, class... Args>
int by_name(const std::string& race, Args&&... args) {
    if (race == acquire_race::name)
        return Call<acquire_race>{}(args...);
    if (race == event_race::name)
        return Call<event_race>{}(args...);
    if (race == lock_race::name)
        return Call<lock_race>{}(args...);
    if (race == pop_race::name)
        return Call<pop_race>{}(args...);
    if (race == take_race::name)
        return Call<take_race>{}(args...);
    if (race == pop_some_race::name)
        return Call<pop_some_race>{}(args...);
    if (race == push_some_race::name)
        return Call<push_some_race>{}(args...);
    if (race == receive_race::name)
        return Call<receive_race>{}(args...);
    if (race == reserve_race::name)
        return Call<reserve_race>{}(args...);
    if (race == work_push_race::name)
        return Call<work_push_race>{}(args...);
    return Call<push_race>{}(args...);
}

template <class Race>
struct granter_of {
    int operator()(const role_arguments& args) const { return run_granter<Race>(args); }
};
template <class Race>
struct witness_of {
    int operator()(const role_arguments& args) const { return run_witness<Race>(args); }
};

} // namespace

CROSSWAKE_ROLE(granter) {
    return by_name<granter_of>(args[1], args);
}

CROSSWAKE_ROLE(witness) {
    return by_name<witness_of>(args[1], args);
}

namespace {

/// A random stretch of time, whose mean follows the outcomes so that about one in five is granted. Not more: half of
/// what there is may go to the witness, however patient the test is.
class aim {
public:
    explicit aim(std::mt19937_64& random, std::uint64_t start, std::uint64_t most)
        : random_(random), mean_(start), most_(most) {}
    std::uint64_t stretch() { return random_() % (2 * mean_ + 1); }
    void was_granted(bool granted) { mean_ = granted ? mean_ - mean_ / 16 : std::min(mean_ + mean_ / 64 + 1, most_); }

private:
    std::mt19937_64& random_;
    std::uint64_t mean_;
    std::uint64_t most_;
};

enum class outcome { granted, changed_its_mind, broken };

outcome outcome_of(error_code ec, error_code other) {
    return !ec ? outcome::granted : ec == other ? outcome::changed_its_mind : outcome::broken;
}

const error_code aborted = asio::error::operation_aborted;
const error_code timed_out = to_boost(errc::timed_out);

asio::cancellation_type any_cancellation(std::mt19937_64& random) {
    constexpr asio::cancellation_type types[] = {asio::cancellation_type::total, asio::cancellation_type::partial,
                                                 asio::cancellation_type::terminal, asio::cancellation_type::all};
    return types[random() % std::size(types)];
}

/// Plays all rounds. play(board, random, let_go) wants the thing and changes its mind, calls let_go() at some moment,
/// and returns the outcome.
template <class Race, class Play>
void run_race(const char* kind, Play&& play) {
    const auto name = fresh_name();
    named<board> b{create_only, name};
    b->room.push(from_test);
    b->work_room.push(from_test);
    const what_is_beside<Race> beside(create_only, name);
    static std::uint64_t stream = 0;
    auto random = generator(++stream);
    const auto rounds = static_cast<std::uint32_t>(knob("CROSSWAKE_TEST_RACES", 2000));
    child witness{"witness", {name, Race::name}};
    child granter{"granter", {name, Race::name, std::to_string(rounds), std::to_string(++stream)}};

    std::uint32_t granted = 0;
    std::uint32_t broken = 0;
    bool witness_waits = false;
    const auto let_witness_wait = [&] {
        if (!std::exchange(witness_waits, true))
            b->turn.release();
    };
    for (std::uint32_t round = 0; round < rounds; ++round) {
        if (std::is_same_v<Race, lock_race>) {
            b->begun.release();
            b->held.acquire();
        } else if (random() % 2 == 0) { // where bells are heard by all, it is mostly quicker
            let_witness_wait();
        }
        const auto how = play(*b, random, [&] { b->go.release(); });
        broken += how == outcome::broken ? 1 : 0;
        granted += how == outcome::granted ? 1 : 0;
        // With the lock the witness has its turn in each round; with all else only if the test did not get it.
        if (how != outcome::granted || std::is_same_v<Race, lock_race>) {
            if (!std::is_same_v<Race, lock_race>)
                let_witness_wait();
            b->answered.acquire();
            witness_waits = false;
        }
    }
    CHECK(granter.wait() == 0);
    b->stop = 1;
    if (std::is_same_v<Race, lock_race>) {
        b->turn.release();
    } else {
        let_witness_wait();
        Race::grant(*b, 0);
    }
    CHECK(witness.wait() == 0);

    std::printf("%-15s against %-20s %6u granted, %6u not\n", Race::name, kind, granted, rounds - granted);
    std::fflush(stdout);
    CHECK(broken == 0);
    CHECK(b->broken == 0);
    CHECK(b->witnessed == (std::is_same_v<Race, lock_race> ? rounds : rounds - granted));
    CHECK(Race::balances(*b, rounds, granted));
    // Both must have happened, or nothing was raced. How often is the machine's affair.
    CHECK(granted > 0);
    CHECK(granted < rounds);
}

} // namespace

TEST_CASE_TEMPLATE("what is cancelled took nothing, and what was granted is kept, however they race", Race,
                   acquire_race, event_race, lock_race, pop_race, push_race, pop_some_race, push_some_race, take_race,
                   receive_race, reserve_race, work_push_race) {
    asio::io_context context;
    std::optional<aim> wait;
    run_race<Race>("cancel", [&](board& b, std::mt19937_64& random, auto let_go) {
        if (!wait)
            wait.emplace(random, 5000, 100'000);
        asio::cancellation_signal signal;
        std::optional<error_code> result;
        // Sometimes the grant is under way before it is wanted, and sometimes the loop is not looked after meanwhile.
        const bool early = random() % 4 == 0;
        const bool blind = random() % 4 == 0;
        // On a busy machine the granter may get to run only if this makes way, and then the witness as well.
        const bool polite = random() % 2 == 0;
        if (early)
            let_go();
        Race::begin(
            b, asio::bind_cancellation_slot(
                   signal.slot(), asio::bind_executor(context.get_executor(), [&](error_code ec) { result = ec; })));
        if (!early)
            let_go();
        context.restart();
        for (auto left = wait->stretch(); left > 100 && !result; left -= 100) {
            spin(100);
            if (!blind)
                context.poll();
            if (polite)
                std::this_thread::yield();
        }
        signal.emit(any_cancellation(random));
        context.restart();
        context.run(); // returns: nothing of this library is pending
        const auto how = result ? outcome_of(*result, aborted) : outcome::broken;
        if (!blind)
            wait->was_granted(how == outcome::granted);
        return how;
    });
}

TEST_CASE_TEMPLATE("what is cancelled in one thread while another delivers took nothing or is kept", Race, acquire_race,
                   event_race, lock_race, pop_race, push_race, pop_some_race, push_some_race, take_race, receive_race,
                   reserve_race, work_push_race) {
    const auto name = fresh_name("settled");
    named<semaphore> settled{create_only, name};
    asio::thread_pool pool(2);
    asio::strand<asio::thread_pool::executor_type> strand(pool.get_executor());
    std::optional<aim> wait;
    run_race<Race>("cancel in two threads", [&](board& b, std::mt19937_64& random, auto let_go) {
        if (!wait)
            wait.emplace(random, 5000, 100'000);
        asio::cancellation_signal signal;
        std::optional<error_code> result;
        const bool early = random() % 4 == 0;
        if (early)
            let_go();
        asio::post(strand, [&] {
            Race::begin(b, asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(strand, [&](error_code ec) {
                                                            result = ec;
                                                            settled->release();
                                                        })));
        });
        if (!early)
            let_go();
        spin(wait->stretch());
        const auto type = any_cancellation(random);
        asio::post(strand, [&, type] {
            signal.emit(type);
            settled->release();
        });
        settled->acquire();
        settled->acquire();
        const auto how = result ? outcome_of(*result, aborted) : outcome::broken;
        wait->was_granted(how == outcome::granted);
        return how;
    });
    pool.join();
}

TEST_CASE_TEMPLATE("what timed out took nothing, and what was granted is kept, however they race", Race, acquire_race,
                   event_race, lock_race, pop_race, push_race, pop_some_race, push_some_race, take_race, receive_race,
                   reserve_race, work_push_race) {
    asio::io_context context;
    std::optional<aim> wait;
    run_race<Race>("deadline", [&](board& b, std::mt19937_64& random, auto let_go) {
        if (!wait)
            wait.emplace(random, 20'000, 1'000'000);
        std::optional<error_code> result;
        const bool early = random() % 4 == 0;
        const auto special = random() % 16;
        const auto timeout = special == 0   ? std::chrono::nanoseconds(0)
                             : special == 1 ? std::chrono::nanoseconds(-1'000'000)
                                            : std::chrono::nanoseconds(wait->stretch());
        if (early)
            let_go();
        Race::begin_for(b, timeout, asio::bind_executor(context.get_executor(), [&](error_code ec) { result = ec; }));
        if (!early)
            let_go();
        context.restart();
        context.run();
        const auto how = result ? outcome_of(*result, timed_out) : outcome::broken;
        if (special > 1)
            wait->was_granted(how == outcome::granted);
        return how;
    });
}
