// Every run of short programs around a semaphore.
#include <model/actors.hpp>

#include <crosswake/semaphore.hpp>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned takes = 0;
constexpr unsigned gives = 1;

class permits final : public contest<semaphore> {
public:
    permits(std::vector<program> programs, std::optional<program> epilogue, seating sits, bool helped)
        : contest(std::move(programs), epilogue, sits), helped_(helped), taken_(all()), given_(all()), giving_(all()) {}

    void run(unsigned p) override {
        come(p);
        if (of(p).kind == takes) {
            take(
                p, [&](unsigned) { return semaphore::acquire_operation(object(p)); },
                [&](auto&) {
                    ++taken_[p];
                    return true;
                });
            return;
        }
        for (unsigned i = 0; i < of(p).times; ++i) {
            giving_[p] = true;
            object(p).release();
            giving_[p] = false;
            ++given_[p];
        }
    }

    void look() override {
        const auto left = judged().available();
        if (left < 0 || left > judged().maximum())
            sim::fail("the count is " + std::to_string(left));
    }

    void judge(bool while_stopped) override {
        const auto left = judged().available();
        for (unsigned p = 0; p < all(); ++p)
            if (waits(p, takes) && (left > 0 || (has_come() && !helped_ && !while_stopped)))
                sim::fail(at_rest(p));
        if (while_stopped)
            return;
        std::int64_t balance = -left;
        std::int64_t lost = 0; // at most, by those who died with a permit in hand
        std::int64_t more = 0; // at most, by those who died after giving one
        for (unsigned p = 0; p < all(); ++p) {
            balance += given_[p] - taken_[p];
            if (sim::is_dead(p)) {
                more += giving_[p] ? 1 : 0;
                lost += of(p).kind == takes ? of(p).times - taken_[p] : 0;
            }
        }
        if (balance + more < 0 || balance - lost > 0)
            sim::fail("permits given and taken: a balance of " + std::to_string(balance));
    }

private:
    handle open(bool create) override {
        return create ? std::make_unique<named<semaphore>>(create_only, "permits", 0)
                      : std::make_unique<named<semaphore>>(open_only, "permits");
    }
    void take_seat(semaphore& s, reactor& r) override {
        semaphore::acquire_operation op(s);
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    std::string field(std::size_t offset) const override {
        return offset < 16 ? "permits" : word_name("sleepers", offset - 16);
    }

    bool helped_;
    std::vector<std::int64_t> taken_;
    std::vector<std::int64_t> given_;
    std::vector<bool> giving_;
};

sim::plan of(std::string name, sim::limits l, std::vector<program> programs, bool all = true,
             seating sits = seating::taken_before) {
    std::optional<program> epilogue;
    unsigned wanted = 0;
    for (const auto& p : programs)
        wanted += p.kind == takes ? p.times : 0;
    if (l.kills != 0)
        epilogue = program{.kind = gives, .times = wanted};
    if (l.helped)
        epilogue = help({.kind = gives}, programs);
    return {std::move(name), l, all, [=] { return new permits(programs, epilogue, sits, l.helped); }};
}

constexpr program thread{.kind = takes};
constexpr program timed_thread{.kind = takes, .gives_up = true};
constexpr program reactor_{.kind = takes, .waits = way::awaits};
constexpr program reactor_of_2{.kind = takes, .times = 2, .waits = way::awaits};
constexpr program leaving{.kind = takes, .waits = way::awaits, .cancels = true};
constexpr program cancelling{.kind = takes, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program by_edges{.kind = takes, .times = 2, .waits = way::awaits, .edges = true};
constexpr program timed_reactor{.kind = takes, .waits = way::awaits, .gives_up = true};
constexpr program giver{.kind = gives};
constexpr program giver_of_2{.kind = gives, .times = 2};

} // namespace

int main() {
    return sim::explore({
        of("thread, giver", {.preemptions = sim::any_number, .spurious = 1}, {thread, giver}),
        of("timed thread, giver", {.preemptions = sim::any_number, .late = 1}, {timed_thread, giver}),
        of("reactor, giver", {.preemptions = sim::any_number, .spurious = 1}, {reactor_, giver}),
        of("timed reactor, giver", {.preemptions = sim::any_number, .late = 1}, {timed_reactor, giver}),
        of("reactor of 2, giver of 2", {.preemptions = sim::any_number, .spurious = 1}, {reactor_of_2, giver_of_2}),
        of("by edges, giver of 2", {.preemptions = sim::any_number}, {by_edges, giver_of_2}),
        of("by edges, 2 givers, a kill", {.preemptions = 1, .kills = 1}, {by_edges, giver, giver}),
        of("cancelling, giver of 2", {.preemptions = sim::any_number}, {cancelling, giver_of_2}),
        of("2 threads, giver of 2", {.preemptions = 3, .spurious = 1}, {thread, thread, giver_of_2}),
        of("thread, reactor, giver", {.preemptions = sim::any_number}, {thread, reactor_, giver}),
        of("thread, timed thread, giver of 2", {.preemptions = 2, .late = 1}, {thread, timed_thread, giver_of_2}),
        of("2 timed threads, thread, giver", {.preemptions = 1, .late = 1},
           {timed_thread, timed_thread, thread, giver}),
        of("thread, timed reactor, giver of 2", {.preemptions = 2, .late = 1}, {thread, timed_reactor, giver_of_2}),
        of("thread, cancelling, giver", {.preemptions = 2}, {thread, cancelling, giver}),
        of("thread, leaving, giver", {.preemptions = sim::any_number}, {thread, leaving, giver}),
        of("2 threads, leaving, giver of 2", {.preemptions = 2}, {thread, thread, leaving, giver_of_2}),
        of("2 reactors, giver", {.preemptions = sim::any_number}, {reactor_, reactor_, giver}),
        of("reactor, 2 givers", {.preemptions = 2}, {reactor_of_2, giver, giver}),
        of("crowd: 2 reactors, giver", {.preemptions = 2}, {reactor_, reactor_, giver}, true, seating::crowd),
        of("crowd: leaving, 2 threads, giver of 2", {.preemptions = 1}, {leaving, thread, thread, giver_of_2}, true,
           seating::crowd),
        of("crowd: reactor, cancelling, giver", {.preemptions = 1}, {reactor_, cancelling, giver}, true,
           seating::crowd),
        of("crowd: leaving, reactor, giver", {.preemptions = 2}, {leaving, reactor_, giver}, true, seating::crowd),
        of("busy crowd: reactor, thread, giver", {.preemptions = 2}, {reactor_, thread, giver}, true,
           seating::busy_crowd),
        of("busy crowd: leaving, thread, giver of 2", {.preemptions = 2}, {leaving, thread, giver_of_2}, true,
           seating::busy_crowd),
        of("busy crowd: 2 reactors, giver", {.preemptions = 1}, {reactor_, reactor_, giver}, true, seating::busy_crowd),
        of("sitting down: 2 reactors, giver", {.preemptions = 2}, {reactor_, reactor_, giver}, true,
           seating::taken_now),
        of("through the region: 2 reactors, giver", {.preemptions = 2, .unreachable = true},
           {reactor_, reactor_, giver}),
        of("thread, giver, a kill", {.preemptions = sim::any_number, .kills = 1}, {thread, giver_of_2}),
        of("2 threads, giver, 2 kills", {.preemptions = 1, .kills = 2}, {thread, thread, giver_of_2}),
        of("thread, reactor, giver, 2 kills", {.preemptions = 0, .kills = 2}, {thread, reactor_, giver_of_2}),
        of("2 reactors, giver, a kill", {.preemptions = 1, .kills = 1}, {reactor_, reactor_, giver_of_2}),
        of("reactor, giver, refused", {.preemptions = sim::any_number, .refusals = 2}, {reactor_, giver}),
        of("2 reactors, giver, refused", {.preemptions = 1, .refusals = 2}, {reactor_, reactor_, giver_of_2}),
        of("2 reactors, giver, refused, a kill", {.preemptions = 0, .kills = 1, .refusals = 1},
           {reactor_, reactor_, giver_of_2}),
        of("soon: 2 reactors, giver, a kill", {.preemptions = 1, .kills = 1, .departures = true},
           {reactor_, reactor_, giver_of_2}),
        of("crowd: 2 reactors, giver, a kill", {.preemptions = 1, .kills = 1}, {reactor_, reactor_, giver}, true,
           seating::crowd),
        of("2 threads, giver, a stop", {.preemptions = 1, .stops = 1}, {thread, thread, giver_of_2}),
        of("thread, reactor, giver, a stop", {.preemptions = 1, .stops = 1}, {thread, reactor_, giver_of_2}),
        of("thread, reactor, giver, a kill, a stop", {.preemptions = 0, .kills = 1, .stops = 1},
           {thread, reactor_, giver_of_2}),
        of("2 threads, giver, a stop, helped", {.preemptions = 1, .stops = 1, .helped = true},
           {thread, thread, giver_of_2}),
        of("reactor, 2 givers, a stop, helped", {.preemptions = 1, .stops = 1, .helped = true},
           {reactor_of_2, giver, giver}),
        of("thread, reactor, 2 givers, a stop, helped", {.preemptions = 1, .stops = 1, .helped = true},
           {thread, reactor_, giver, giver}),
        of("reactor, leaving, giver, a kill", {.preemptions = 2, .kills = 1}, {reactor_, leaving, giver}),
        of("reactor, timed reactor, giver, a kill", {.preemptions = 1, .kills = 1, .late = 1},
           {reactor_, timed_reactor, giver}),
        of("2 timed threads, thread, giver, a kill", {.preemptions = 1, .kills = 1, .late = 1},
           {timed_thread, timed_thread, thread, giver}),
        of("reactor, leaving, giver, a stop, helped", {.preemptions = 2, .stops = 1, .helped = true},
           {reactor_, leaving, giver}),
        of("all sorts", {.spurious = 2, .late = 1}, {thread, cancelling, reactor_of_2, giver_of_2, giver_of_2}, false),
        of("many threads", {.late = 1}, {thread, thread, leaving, timed_thread, giver_of_2, giver}, false),
        of("all sorts, kills", {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
           {thread, cancelling, timed_reactor, giver_of_2, giver_of_2}, false),
    });
}
