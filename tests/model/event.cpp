// Every run of short programs around an event, automatic and manual.
#include <model/actors.hpp>

#include <crosswake/event.hpp>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned waits_for_it = 0;
constexpr unsigned sets = 1;
constexpr unsigned sets_and_resets = 2;

class passing final : public contest<event> {
public:
    passing(std::vector<program> programs, std::optional<program> epilogue, seating sits, reset_mode mode)
        : contest(std::move(programs), epilogue, sits), mode_(mode), passed_(all()), began_(all()), set_(all()) {}

    void run(unsigned p) override {
        come(p);
        if (of(p).kind == waits_for_it) {
            take(
                p, [&](unsigned) { return event::wait_operation(object(p)); },
                [&](auto&) {
                    ++passed_[p];
                    return true;
                });
            return;
        }
        for (unsigned i = 0; i < of(p).times; ++i) {
            ++began_[p];
            object(p).set();
            ++set_[p];
            if (of(p).kind == sets_and_resets)
                object(p).reset();
        }
    }

    void judge(bool while_stopped) override {
        const bool is_set = judged().is_set();
        unsigned passed = 0;
        unsigned began = 0;
        unsigned set = 0;
        unsigned dead_waits = 0;
        bool resets = false;
        for (unsigned p = 0; p < all(); ++p) {
            if (is_set && waits(p, waits_for_it))
                sim::fail(at_rest(p));
            passed += passed_[p];
            began += began_[p];
            set += set_[p];
            resets = resets || of(p).kind == sets_and_resets;
            dead_waits += sim::is_dead(p) && of(p).kind == waits_for_it ? of(p).times - passed_[p] : 0;
        }
        if (while_stopped || mode_ == reset_mode::manual)
            return;
        if (passed + (is_set ? 1 : 0) > began)
            sim::fail("it was set " + std::to_string(began) + " times, and more have passed");
        if (set > 0 && !resets && passed + dead_waits == 0 && !is_set)
            sim::fail("it was set, nobody has passed, and it is not set");
    }

private:
    handle open(bool create) override {
        return create ? std::make_unique<named<event>>(create_only, "flag", mode_)
                      : std::make_unique<named<event>>(open_only, "flag");
    }
    void take_seat(event& e, reactor& r) override {
        event::wait_operation op(e);
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    std::string field(std::size_t offset) const override {
        return offset < 8 ? "set" : word_name("sleepers", offset - 8);
    }

    reset_mode mode_;
    std::vector<unsigned> passed_;
    std::vector<unsigned> began_;
    std::vector<unsigned> set_;
};

constexpr program thread{.kind = waits_for_it};
constexpr program timed_thread{.kind = waits_for_it, .gives_up = true};
constexpr program reactor_{.kind = waits_for_it, .waits = way::awaits};
constexpr program reactor_of_2{.kind = waits_for_it, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = waits_for_it, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program cancelling_once{.kind = waits_for_it, .waits = way::awaits, .cancels = true};
constexpr program timed_reactor{.kind = waits_for_it, .waits = way::awaits, .gives_up = true};
constexpr program setter{.kind = sets};
constexpr program setter_twice{.kind = sets, .times = 2};
constexpr program pulse{.kind = sets_and_resets};

sim::plan of(std::string name, reset_mode mode, sim::limits l, std::vector<program> programs, bool all = true,
             seating sits = seating::taken_before) {
    std::optional<program> epilogue;
    if (l.kills != 0)
        epilogue = setter;
    if (l.helped)
        epilogue = help(setter, programs);
    const auto full = (mode == reset_mode::manual ? "manual: " : "automatic: ") + name;
    return {full, l, all, [=] { return new passing(programs, epilogue, sits, mode); }};
}

} // namespace

int main() {
    std::vector<sim::plan> plans;
    for (const auto mode : {reset_mode::automatic, reset_mode::manual})
        plans.insert(
            plans.end(),
            {
                of("thread, setter twice", mode, {.preemptions = sim::any_number, .spurious = 1},
                   {thread, setter_twice}),
                of("timed thread, setter", mode, {.preemptions = sim::any_number, .late = 1}, {timed_thread, setter}),
                of("reactor of 2, setter twice", mode, {.preemptions = sim::any_number}, {reactor_of_2, setter_twice}),
                of("cancelling, setter twice", mode, {.preemptions = sim::any_number}, {cancelling, setter_twice}),
                of("2 threads, setter", mode, {.preemptions = 3, .spurious = 1}, {thread, thread, setter}),
                of("thread, reactor, setter", mode, {.preemptions = 3}, {thread, reactor_, setter}),
                of("thread, cancelling, setter twice", mode, {.preemptions = 2}, {thread, cancelling, setter_twice}),
                of("thread, setter, pulse", mode, {.preemptions = 3}, {thread, setter, pulse}),
                of("2 threads, setter, kills", mode, {.preemptions = 2, .kills = 1}, {thread, thread, setter}),
                of("soon: 2 reactors, setter, a kill", mode, {.preemptions = 1, .kills = 1, .departures = true},
                   {reactor_, reactor_, setter}),
                of("thread, reactor, setter, kills", mode, {.preemptions = 1, .kills = 2}, {thread, reactor_, setter}),
                of("thread, reactor, setter, stops", mode, {.preemptions = 1, .stops = 1}, {thread, reactor_, setter}),
                of("all sorts", mode, {.spurious = 2, .late = 1},
                   {thread, cancelling, setter_twice, timed_thread, setter}, false),
                of("all sorts, kills", mode, {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
                   {thread, reactor_of_2, setter_twice, timed_thread, setter}, false),
            });
    // Where one alone passes, whoever gives up may have been woken for somebody else.
    const auto mode = reset_mode::automatic;
    plans.insert(plans.end(),
                 {
                     of("reactor, cancelling once, setter, a kill", mode, {.preemptions = 2, .kills = 1},
                        {reactor_, cancelling_once, setter}),
                     of("reactor, timed reactor, setter, a kill", mode, {.preemptions = 1, .kills = 1, .late = 1},
                        {reactor_, timed_reactor, setter}),
                     of("timed thread, reactor, setter, a kill", mode, {.preemptions = 2, .kills = 1, .late = 1},
                        {timed_thread, reactor_, setter}),
                     of("reactor, cancelling once, setter, a stop, helped", mode,
                        {.preemptions = 2, .stops = 1, .helped = true}, {reactor_, cancelling_once, setter}),
                 });
    return sim::explore(plans);
}
