// Every run of short programs around two semaphores of one segment, whose seats go from hand to hand.
#include <model/actors.hpp>

#include <sim/peer_bell.hpp>

#include <core/peers.hpp>
#include <crosswake/semaphore.hpp>

using namespace crosswake;
using namespace crosswake::model;

namespace {

struct pair {
    semaphore first;
    semaphore second;
};

constexpr unsigned takes_first = 0;
constexpr unsigned takes_second = 1;
constexpr unsigned gives_first = 2;
constexpr unsigned gives_both = 3;
constexpr unsigned takes_both = 4; // at once
constexpr unsigned idles = 5;

/// What the seats are like when the run begins.
enum class table : unsigned char {
    empty,
    predecessor, // process 0 waited for the first semaphore in seat 0, and has died
    last_seat,   // the same, and all other private seats are taken by the living
    crowd,       // the same, in the first seat of the crowd, since all private ones are taken by the living
    full,        // every seat there is
    nearly_full, // every seat but process 0's, which is the last there is, is somebody's who stays there
};

class places final : public contest<pair> {
public:
    places(std::vector<program> programs, std::optional<program> epilogue, seating sits, table seats)
        : contest(std::move(programs), epilogue, sits), seats_(seats), has_first_(all()), has_second_(all()) {}

    void set_up(unsigned p) override {
        if (of(p).succeeds)
            sim::share_name(p, 0);
        if (p == 1 && has_predecessor())
            sim::kill_before(0);
        contest::set_up(p);
        if (p != 0 || seats_ == table::empty)
            return;
        if (seats_ == table::full) {
            take_seats(0, core::all_seats, sim::token_of(0));
            return;
        }
        if (seats_ == table::nearly_full) {
            take_seats(core::all_seats - 1, core::all_seats, sim::token_of(0));
            leave_crowd_to_others();
            return;
        }
        if (seats_ == table::crowd)
            leave_to_others(0);
        last_wait_.emplace(object(0).first);
        std::error_code error;
        (void)predecessor_.emplace().start(record_, *last_wait_, error);
        if (seats_ == table::last_seat)
            leave_to_others(1);
    }

    void run(unsigned p) override {
        come(p);
        know_bells_of_threads(p);
        const bool last_seat_is_a_dead_ones = seats_ == table::nearly_full && sim::is_dead(0);
        const auto go_on = [](auto&) { return true; };
        switch (of(p).kind) {
        case takes_first:
            take(
                p, [&](unsigned) { return semaphore::acquire_operation(object(p).first); }, go_on);
            break;
        case takes_second:
            take(
                p, [&](unsigned) { return semaphore::acquire_operation(object(p).second); }, go_on);
            break;
        case takes_both:
            take(
                p,
                [&](unsigned i) { return semaphore::acquire_operation(i == 0 ? object(p).first : object(p).second); },
                [&](auto& op) {
                    auto& has = sim::place_of(&op.word()) < sim::place_of(&object(p).second) ? has_first_ : has_second_;
                    has[p] = true;
                    return true;
                });
            break;
        case gives_first:
        case gives_both:
            for (unsigned i = 0; i < of(p).times; ++i)
                object(p).first.release();
            if (of(p).kind == gives_both)
                object(p).second.release();
            break;
        default:
            break;
        }
        if (last_seat_is_a_dead_ones && was_refused(p))
            sim::fail("there is no seat, and the last one is a dead one's");
    }

    void judge(bool /*while_stopped*/) override {
        for (unsigned p = 0; p < all(); ++p)
            if ((waits(p, takes_first) && judged().first.available() > 0) ||
                (waits(p, takes_second) && judged().second.available() > 0) ||
                (waits(p, takes_both) && ((!has_first_[p] && judged().first.available() > 0) ||
                                          (!has_second_[p] && judged().second.available() > 0))))
                sim::fail(at_rest(p));
    }

private:
    [[nodiscard]] bool has_predecessor() const {
        return seats_ == table::predecessor || seats_ == table::last_seat || seats_ == table::crowd;
    }
    /// All private seats from this one on are somebody's who stays there.
    void leave_to_others(std::size_t first) {
        take_seats(first, core::private_seats, sim::onlooker());
        auto& s = *detail::segment::holding(object_start());
        sim::fix(sim::place_of(&s.seat(first)),
                 sim::place_of(&s.seat(core::private_seats - 1)) + sizeof(core::seat_layout));
    }
    /// And all private ones; of the crowd's all but the last.
    void leave_crowd_to_others() {
        take_seats(0, core::all_seats - 1, sim::onlooker());
        auto& s = *detail::segment::holding(object_start());
        sim::fix(sim::place_of(&s.crowd_seat(core::private_seats)), sim::place_of(&s.crowd_seat(core::all_seats - 1)));
    }
    /// Threads of one process know of each other's bells.
    static void know_bells_of_threads(unsigned p) {
        for (unsigned i = 0; i < sim::most_bells; ++i)
            if (const auto& bell = sim::bells()[i]; bell.open && bell.owner != p && sim::have_one_name(bell.owner, p))
                core::peers::instance().add(sim::token_of(p), i + 1, std::make_shared<sim::simulated_ringer>(i));
    }
    handle open(bool create) override {
        return create ? std::make_unique<named<pair>>(create_only, "pair")
                      : std::make_unique<named<pair>>(open_only, "pair");
    }
    void take_seat(pair& both, reactor& r) override {
        semaphore::acquire_operation op(both.second);
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    std::string field(std::size_t offset) const override {
        const auto which = offset < sizeof(semaphore) ? std::string("first.") : std::string("second.");
        offset %= sizeof(semaphore);
        return which + (offset < 16 ? "permits" : word_name("sleepers", offset - 16));
    }

    table seats_;
    std::optional<reactor> predecessor_;
    std::optional<semaphore::acquire_operation> last_wait_;
    wait_record record_{deadline::never()};
    std::vector<bool> has_first_;
    std::vector<bool> has_second_;
};

constexpr program gone{.kind = idles};
constexpr program thread{.kind = takes_first};
constexpr program reactor_{.kind = takes_first, .waits = way::awaits};
constexpr program timed_thread{.kind = takes_first, .gives_up = true};
constexpr program timed_reactor{.kind = takes_first, .waits = way::awaits, .gives_up = true};
constexpr program cancelling{.kind = takes_first, .waits = way::awaits, .cancels = true};
constexpr program other_reactor{.kind = takes_second, .waits = way::awaits};
constexpr program heir{.kind = takes_first, .waits = way::awaits, .succeeds = true};
constexpr program other_heir{.kind = takes_second, .waits = way::awaits, .succeeds = true};
constexpr program guest{.kind = takes_first, .waits = way::awaits, .cancels = true, .leaves = true};
constexpr program other_guest{.kind = takes_second, .waits = way::awaits, .cancels = true, .leaves = true};
constexpr program timed_guest{.kind = takes_first, .waits = way::awaits, .gives_up = true, .leaves = true};
constexpr program refused{.kind = takes_first, .waits = way::awaits, .too_many = true};
constexpr program both{.kind = takes_both, .times = 2, .waits = way::awaits};
constexpr program giver{.kind = gives_first};
constexpr program giver_of_2{.kind = gives_first, .times = 2};
constexpr program giver_of_both{.kind = gives_both};

sim::plan of(std::string name, sim::limits l, std::vector<program> programs, seating sits, table seats,
             bool all = true) {
    std::optional<program> epilogue;
    if (l.helped)
        epilogue = help(giver_of_both, programs);
    // A look at each of four thousand seats: who interferes where in that makes no difference.
    return {std::move(name), l, all, [=] { return new places(programs, epilogue, sits, seats); }, seats != table::full};
}

} // namespace

int main() {
    return sim::explore({
        of("dead seat: thread, reactor, giver", {.preemptions = 2}, {gone, thread, reactor_, giver},
           seating::taken_before, table::predecessor),
        of("dead seat: thread, 2 givers", {.preemptions = 3}, {gone, thread, giver, giver}, seating::taken_before,
           table::predecessor),
        of("dead seat: thread, 2 givers, 2 kills", {.preemptions = 0, .kills = 2}, {gone, thread, giver, giver},
           seating::taken_before, table::predecessor),
        of("dead seat: cancelling, reactor, giver, a kill", {.preemptions = 1, .kills = 1},
           {gone, cancelling, reactor_, giver}, seating::taken_before, table::predecessor),
        of("inherited seat: other reactor, thread, giver", {.preemptions = 2},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_before, table::last_seat),
        of("inherited seat: other reactor, 2 threads, giver of 2", {.preemptions = 1},
           {gone, other_reactor, thread, thread, giver_of_2}, seating::taken_before, table::last_seat),
        of("seat being inherited: other reactor, thread, giver", {.preemptions = 1},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_now, table::last_seat),
        of("seat being inherited: 2 reactors", {.preemptions = 1}, {gone, other_reactor, reactor_, giver_of_both},
           seating::taken_now, table::last_seat),
        of("seat being inherited, a kill", {.preemptions = 0, .kills = 1}, {gone, other_reactor, thread, giver_of_both},
           seating::taken_now, table::last_seat),
        of("seat being inherited: cancelling, thread, giver, a kill", {.preemptions = 1, .kills = 1},
           {gone, cancelling, thread, giver}, seating::taken_now, table::last_seat),
        of("seat being inherited: timed reactor, thread, giver, a kill", {.preemptions = 1, .kills = 1, .late = 1},
           {gone, timed_reactor, thread, giver}, seating::taken_now, table::last_seat),
        of("seat being inherited: cancelling, thread, giver, a stop, helped",
           {.preemptions = 1, .stops = 1, .helped = true}, {gone, cancelling, thread, giver}, seating::taken_now,
           table::last_seat),
        of("dead seat in the crowd: thread, reactor, giver", {.preemptions = 2}, {gone, thread, reactor_, giver},
           seating::taken_before, table::crowd),
        of("dead seat in the crowd: thread, 2 givers", {.preemptions = 2}, {gone, thread, giver, giver},
           seating::taken_before, table::crowd),
        of("inherited seat in the crowd: other reactor, thread, giver", {.preemptions = 1},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_before, table::crowd),
        of("seat in the crowd being inherited: 2 reactors", {.preemptions = 1},
           {gone, other_reactor, reactor_, giver_of_both}, seating::taken_now, table::crowd),
        of("seat in the crowd being inherited, a kill", {.preemptions = 0, .kills = 1},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_now, table::crowd),
        of("2 heirs of one process, giver of 2", {.preemptions = 2}, {gone, heir, heir, giver_of_2}, seating::taken_now,
           table::last_seat),
        of("2 heirs of one process, giver of both", {.preemptions = 2}, {gone, heir, other_heir, giver_of_both},
           seating::taken_now, table::last_seat),
        of("2 heirs of one process, a kill", {.preemptions = 1, .kills = 1}, {gone, heir, heir, thread, giver},
           seating::taken_now, table::last_seat),
        of("2 heirs of one process, a stop", {.preemptions = 1, .stops = 1}, {gone, heir, heir, giver_of_2},
           seating::taken_now, table::last_seat),
        of("2 heirs of one process, thread, a stop", {.preemptions = 0, .stops = 1}, {gone, heir, heir, thread, giver},
           seating::taken_now, table::last_seat),
        of("2 heirs of one process in the crowd, giver of 2", {.preemptions = 1}, {gone, heir, heir, giver_of_2},
           seating::taken_now, table::crowd),
        of("2 heirs of the dead, a kill", {.preemptions = 1, .kills = 1},
           {gone, reactor_, other_reactor, giver_of_both}, seating::taken_now, table::last_seat),
        of("2 heirs of the dead, a stop", {.preemptions = 1, .stops = 1},
           {gone, reactor_, other_reactor, giver_of_both}, seating::taken_now, table::last_seat),
        of("2 heirs of the dead, giver of both", {.preemptions = 2}, {gone, reactor_, other_reactor, giver_of_both},
           seating::taken_now, table::last_seat),
        of("heir of the dead, who clears up, a kill", {.preemptions = 1, .kills = 1},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_now, table::last_seat),
        of("heir of the dead, who clears up, a stop", {.preemptions = 1, .stops = 1},
           {gone, other_reactor, thread, giver_of_both}, seating::taken_now, table::last_seat),
        of("freed seat: 2 guests, giver", {.preemptions = 2}, {guest, other_guest, giver_of_both}, seating::taken_now,
           table::empty),
        of("freed seat: guest, thread, giver", {.preemptions = 2}, {other_guest, thread, giver_of_both},
           seating::taken_now, table::empty),
        of("freed seat: guest, thread, giver, 2 kills", {.preemptions = 0, .kills = 2}, {guest, thread, giver_of_both},
           seating::taken_now, table::empty),
        of("freed seat: 2 guests, giver, a kill", {.preemptions = 1, .kills = 1}, {guest, other_guest, giver_of_both},
           seating::taken_now, table::empty),
        of("freed seat: guest, reactor, giver, a kill", {.preemptions = 2, .kills = 1}, {guest, reactor_, giver},
           seating::taken_now, table::empty),
        of("freed seat: reactor, timed guest, giver, a kill", {.preemptions = 1, .kills = 1, .late = 1},
           {reactor_, timed_guest, giver}, seating::taken_now, table::empty),
        of("freed seat: guest, timed thread, thread, giver, a kill", {.preemptions = 0, .kills = 1, .late = 1},
           {guest, timed_thread, thread, giver_of_both}, seating::taken_now, table::empty),
        of("freed seat: guest, reactor, giver, a stop, helped", {.preemptions = 2, .stops = 1, .helped = true},
           {guest, reactor_, giver}, seating::taken_now, table::empty),
        of("both, 2 givers", {.preemptions = 2, .spurious = 1}, {both, giver_of_both, giver}, seating::taken_before,
           table::empty),
        of("both, thread, 2 givers", {.preemptions = 2}, {both, thread, giver_of_both, giver}, seating::taken_before,
           table::empty),
        of("both, thread, giver, a kill", {.preemptions = 1, .kills = 1}, {both, thread, giver_of_both},
           seating::taken_before, table::empty),
        of("full table", {.preemptions = 0}, {gone, refused, thread, giver}, seating::taken_now, table::full),
        of("nearly full table, a kill", {.preemptions = 0, .kills = 1}, {gone, refused, thread, giver},
           seating::taken_now, table::nearly_full),
        of("all sorts", {.spurious = 1}, {guest, reactor_, other_guest, thread, giver_of_both, giver},
           seating::taken_now, table::empty, false),
        of("all sorts, kills", {.kills = 2, .spurious = 1}, {guest, both, other_guest, thread, giver_of_both, giver},
           seating::taken_now, table::empty, false),
    });
}
