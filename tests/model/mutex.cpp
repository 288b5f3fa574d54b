// Every run of short programs around a mutex, whose owners die inside.
#include <model/actors.hpp>

#include <crosswake/mutex.hpp>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned locks = 0;
constexpr unsigned locks_and_repairs = 1; // calls mark_sound() when it is told of a death
constexpr unsigned locks_and_closes = 2;  // its last handle, without unlocking, and lives on
constexpr unsigned locks_beside_0 = 3;    // another thread of process 0

class section final : public contest<mutex> {
public:
    section(std::vector<program> programs, std::optional<program> epilogue, seating sits)
        : contest(std::move(programs), epilogue, sits), inside_(all()), dead_inside_(all()), closes_(all()) {}

    void set_up(unsigned p) override {
        if (of(p).kind == locks_beside_0)
            sim::share_name(p, 0);
        contest::set_up(p);
    }

    void run(unsigned p) override {
        come(p);
        take(
            p, [&](unsigned) { return mutex::lock_operation(object(p)); },
            [&](auto& op) {
                enter(p, op.status);
                if (of(p).kind == locks_and_closes) {
                    close(p);
                    sim::expect_recheck();
                } else {
                    object(p).unlock();
                }
                return of(p).kind != locks_and_closes;
            });
    }

    [[nodiscard]] std::uint64_t state() const override {
        std::uint64_t all_of_it = 0;
        for (unsigned p = 0; p < all(); ++p)
            all_of_it = all_of_it << 2 | (inside_[p] ? 2u : 0u) | (dead_inside_[p] ? 1u : 0u);
        return all_of_it;
    }

    void judge(bool while_stopped) override {
        // A flag more would do no harm here: the state of a mutex is its owner and two flags.
        std::uint64_t state = 0;
        std::memcpy(&state, &judged(), sizeof state);
        const auto owner = state & ~detail::owner_flags;
        for (unsigned p = 0; p < all(); ++p)
            if (while_stopped && sim::is_stopped(p) && owner == sim::token_of(p))
                return;
        for (unsigned p = 0; p < all(); ++p)
            if (waits(p, locks) || waits(p, locks_and_repairs) || waits(p, locks_beside_0))
                sim::fail(at_rest(p));
    }

private:
    void enter(unsigned p, lock_status status) {
        bool somebody_died = false;
        for (unsigned q = 0; q < all(); ++q) {
            if (!inside_[q])
                continue;
            if (!is_gone(q))
                sim::fail("P" + std::to_string(q) + " is inside, and P" + std::to_string(p) + " too");
            dead_inside_[q] = true;
        }
        for (unsigned q = 0; q < all(); ++q)
            somebody_died = somebody_died || dead_inside_[q];
        if (somebody_died && status == lock_status::acquired)
            sim::fail("P" + std::to_string(p) + " is not told that the owner before it died");
        bool anybody_died = false;
        for (unsigned q = 0; q < all(); ++q)
            anybody_died = anybody_died || is_gone(q);
        if (!anybody_died && status != lock_status::acquired)
            sim::fail("P" + std::to_string(p) + " is told of a death, and nobody died");
        inside_[p] = true;
        sim::step();
        if (of(p).kind == locks_and_repairs && status == lock_status::acquired_from_dead_owner) {
            object(p).mark_sound();
            for (unsigned q = 0; q < all(); ++q)
                if (is_gone(q))
                    inside_[q] = dead_inside_[q] = false;
        }
        inside_[p] = of(p).kind == locks_and_closes;
        closes_[p] = inside_[p];
    }

    [[nodiscard]] bool is_gone(unsigned p) const { return sim::is_dead(p) || closes_[p]; }

    handle open(bool create) override {
        return create ? std::make_unique<named<mutex>>(create_only, "door")
                      : std::make_unique<named<mutex>>(open_only, "door");
    }
    void take_seat(mutex& m, reactor& r) override {
        (void)m.try_lock();
        mutex::lock_operation op(m);
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
        m.unlock();
    }
    std::string field(std::size_t offset) const override {
        return offset < 8 ? "state" : word_name("sleepers", offset - 8);
    }

    std::vector<bool> inside_;
    std::vector<bool> dead_inside_;
    std::vector<bool> closes_;
};

constexpr program thread{.kind = locks};
constexpr program thread_twice{.kind = locks, .times = 2};
constexpr program repairer{.kind = locks_and_repairs, .times = 2};
constexpr program sibling{.kind = locks_beside_0};
constexpr program sibling_reactor{.kind = locks_beside_0, .waits = way::awaits};
constexpr program closer{.kind = locks_and_closes};
constexpr program timed_thread{.kind = locks, .gives_up = true};
constexpr program timed_reactor{.kind = locks, .waits = way::awaits, .gives_up = true};
constexpr program reactor_{.kind = locks, .waits = way::awaits};
constexpr program reactor_of_2{.kind = locks, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = locks, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program cancelling_once{.kind = locks, .waits = way::awaits, .cancels = true};

sim::plan of(std::string name, sim::limits l, std::vector<program> programs, bool all = true,
             seating sits = seating::taken_before) {
    std::optional<program> epilogue;
    if (l.kills != 0)
        epilogue = thread;
    if (l.helped)
        epilogue = help(thread, programs);
    return {std::move(name), l, all, [=] { return new section(programs, epilogue, sits); }};
}

} // namespace

int main() {
    return sim::explore({
        of("2 threads twice", {.preemptions = 4, .spurious = 1}, {thread_twice, thread_twice}),
        of("timed thread, thread", {.preemptions = sim::any_number, .late = 1}, {timed_thread, thread}),
        of("reactor, thread", {.preemptions = sim::any_number}, {reactor_, thread}),
        of("cancelling, thread", {.preemptions = 3}, {cancelling, thread}),
        of("thread, reactor, cancelling once", {.preemptions = 2}, {thread, reactor_, cancelling_once}),
        of("reactors", {.preemptions = sim::any_number}, {reactor_, reactor_}),
        of("3 threads", {.preemptions = 2, .spurious = 1}, {thread, thread, thread}),
        of("2 threads, a kill", {.preemptions = sim::any_number, .kills = 1}, {thread, thread}),
        of("3 threads, 2 kills", {.preemptions = 1, .kills = 2}, {thread, thread, repairer}),
        of("reactor, 2 threads, 2 kills", {.preemptions = 0, .kills = 2}, {thread, reactor_, repairer}),
        of("closer, 2 threads, a kill", {.preemptions = 2, .kills = 1}, {thread, closer, repairer}),
        of("2 threads, a stop", {.preemptions = sim::any_number, .stops = 1}, {thread, thread}),
        of("3 threads, a kill, a stop", {.preemptions = 1, .kills = 1, .stops = 1}, {thread, thread, repairer}),
        of("thread, reactor, a stop", {.preemptions = sim::any_number, .stops = 1}, {thread, reactor_}),
        of("sitting down: 2 reactors, thread, a kill", {.preemptions = 2, .kills = 1}, {reactor_, reactor_, thread},
           true, seating::taken_now),
        of("crowd: 2 reactors, thread, a kill", {.preemptions = 1, .kills = 1}, {reactor_, reactor_, thread}, true,
           seating::crowd),
        of("through the region: 2 reactors, thread, a kill", {.preemptions = 2, .kills = 1, .unreachable = true},
           {reactor_, reactor_, thread}),
        // The next owner has it after one look at owners, whoever dies.
        of("soon: 2 threads, a kill", {.preemptions = sim::any_number, .kills = 1, .departures = true},
           {thread, thread}),
        of("soon: 3 threads, 2 kills", {.preemptions = 1, .kills = 2, .departures = true}, {thread, thread, thread}),
        of("soon: 2 reactors, thread, a kill", {.preemptions = 2, .kills = 1, .departures = true},
           {reactor_, reactor_, thread}),
        of("soon: 2 reactors, thread, a kill unheard",
           {.preemptions = 1, .kills = 1, .unheard = true, .departures = true}, {reactor_, reactor_, thread}),
        of("soon: reactor, 2 threads, 2 kills", {.preemptions = 0, .kills = 2, .departures = true},
           {thread, reactor_, repairer}),
        of("soon: 2 threads of one process, another, a kill", {.preemptions = 2, .kills = 1, .departures = true},
           {thread, thread, sibling}),
        of("soon: thread and reactor of one process, another, a kill",
           {.preemptions = 2, .kills = 1, .departures = true}, {thread, thread, sibling_reactor}),
        of("soon: closer, reactor, thread, a kill", {.preemptions = 1, .kills = 1, .departures = true},
           {closer, reactor_, thread}),
        of("thread, reactor, cancelling once, a kill", {.preemptions = 2, .kills = 1},
           {thread, reactor_, cancelling_once}),
        of("thread, reactor, timed reactor, a kill", {.preemptions = 2, .kills = 1, .late = 1},
           {thread, reactor_, timed_reactor}),
        of("thread, reactor, timed thread, a kill", {.preemptions = 2, .kills = 1, .late = 1},
           {thread, reactor_, timed_thread}),
        of("thread, reactor, cancelling once, a stop, helped", {.preemptions = 2, .stops = 1, .helped = true},
           {thread, reactor_, cancelling_once}),
        of("all sorts", {.spurious = 2, .late = 1}, {thread_twice, cancelling, reactor_of_2, timed_thread}, false),
        of("all sorts, kills", {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
           {thread_twice, reactor_of_2, repairer, timed_thread}, false),
    });
}
