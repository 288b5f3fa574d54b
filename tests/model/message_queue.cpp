// Every run of short programs around a message queue, whose users die with reservations and messages in hand.
#include <model/actors.hpp>

#include <crosswake/message_queue.hpp>

#include <algorithm>
#include <set>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned receives = 0;
constexpr unsigned sends = 1;
constexpr unsigned sends_large = 2; // messages of two units
constexpr unsigned gives_back = 3;  // each message once, then receives it, or another
constexpr unsigned aborts = 4;      // each first reservation
constexpr unsigned closes = 5;

using number = std::uint64_t; // 100 × producer + how many before

class passing_on final : public contest<message_queue> {
public:
    struct sizes {
        std::uint32_t units = 1;
        std::uint32_t slots = 1;
    };

    passing_on(std::vector<program> programs, std::optional<program> epilogue, seating sits, sizes s, bool helped)
        : contest(std::move(programs), epilogue, sits), helped_(helped), sizes_(s), got_(all()), began_(all()),
          sent_(all()) {}

    void run(unsigned p) override {
        come(p);
        switch (of(p).kind) {
        case receives:
        case gives_back:
            receive(p);
            break;
        case sends:
        case sends_large:
        case aborts:
            send(p);
            break;
        default:
            object(p).close();
        }
    }

    void judge(bool while_stopped) override {
        auto& q = core();
        if (detail::items_between(head(), tail(), sizes_.slots) > sizes_.slots)
            sim::fail("more messages than there are slots");
        const bool closed = q.closed.load() != 0;
        const bool head_is_stopped = is_a_stopped_one(q.head.inside.holder());
        const bool tail_is_stopped = is_a_stopped_one(q.tail.inside.holder());
        const bool something_waits = any_slot([](detail::owner_token s) {
            return s == detail::message_slot::waits || (has(s, detail::message_slot::on_loan) && is_a_dead_one(s));
        });
        const bool something_may_come = any_slot([](detail::owner_token s) { return owner_of(s) != detail::nobody; });
        const bool helped_in_vain = helped_ && tail_is_stopped; // whoever comes cannot send
        for (unsigned p = 0; p < all(); ++p) {
            if ((waits(p, receives) || waits(p, gives_back)) && !head_is_stopped && !helped_in_vain &&
                (something_waits || (closed && !tail_is_stopped && !something_may_come)))
                sim::fail(at_rest(p));
            if ((waits(p, sends) || waits(p, aborts) || waits(p, sends_large)) && !tail_is_stopped &&
                (closed || (!head_is_stopped && there_is_room(waits(p, sends_large) ? 2 : 1))))
                sim::fail(at_rest(p));
        }
        // What a process has on loan itself comes back when it dies, and then it does not matter what it was told.
        const bool somebody_was_told =
            std::any_of(told_closed_.begin(), told_closed_.end(), [](unsigned p) { return !sim::is_dead(p); });
        if (somebody_was_told && something_waits)
            sim::fail("somebody was told that it is closed and drained, and it is not");
        if (!while_stopped)
            check_messages();
    }

private:
    void receive(unsigned p) {
        bool once_more = of(p).kind == gives_back;
        const auto took = [&](detail::receive_operation& op) {
            if (op.error != errc{}) {
                if (op.error == errc::closed)
                    told_closed_.insert(p);
                return false;
            }
            auto m = op.message();
            number n = 0;
            std::memcpy(&n, m.data().data(), sizeof n);
            if (m.redelivered() == 0)
                as_new_.insert(n);
            if (std::exchange(once_more, false)) {
                given_back_.insert(n);
                m.put_back();
                return true;
            }
            got_[p].push_back({n, m.redelivered() != 0});
            m.release();
            return true;
        };
        take(
            p, [&](unsigned) { return detail::receive_operation(object(p).ring()); }, took);
    }

    void send(unsigned p) {
        bool aborts_it = of(p).kind == aborts;
        take(
            p,
            [&](unsigned) {
                return detail::reserve_operation(object(p).ring(), of(p).kind == sends_large ? 100 : sizeof(number));
            },
            [&](detail::reserve_operation& op) {
                if (op.error != errc{})
                    return false;
                auto r = op.reservation();
                if (std::exchange(aborts_it, false)) {
                    r.abort();
                    return true;
                }
                const number n = 100 * p + began_[p]++;
                std::memcpy(r.data().data(), &n, sizeof n);
                r.commit();
                sent_[p].push_back(n);
                return true;
            });
    }

    // --- What the judge sees

    detail::message_core& core() { return sim::judged(object(0).ring().core()); }
    detail::ring_position head() { return core().head.position.load(); }
    detail::ring_position tail() { return core().tail.position.load(); }
    detail::message_slot& slot(detail::ring_position p) {
        auto* const first = reinterpret_cast<std::byte*>(&core()) + sizeof(detail::message_core);
        return reinterpret_cast<detail::message_slot*>(first)[detail::slot_of(p)];
    }
    number number_in(detail::ring_position p) {
        auto* const first = reinterpret_cast<std::byte*>(&core()) + sizeof(detail::message_core) +
                            sizes_.slots * sizeof(detail::message_slot);
        number n = 0;
        std::memcpy(&n, first + (slot(p).place.load() & 0xffff'ffff) * detail::message_unit, sizeof n);
        return n;
    }
    template <class Visit>
    void each_slot(Visit&& visit) {
        for (auto p = head(); p != tail(); p = detail::advanced(p, 1, sizes_.slots))
            visit(p, slot(p).state.load());
    }
    template <class Is>
    bool any_slot(Is&& is) {
        bool any = false;
        each_slot([&](auto, detail::owner_token s) { any = any || is(s); });
        return any;
    }

    static detail::owner_token owner_of(detail::owner_token state) { return state & ~detail::owner_flags; }
    static bool has(detail::owner_token state, detail::owner_token flag) {
        return (state & detail::owner_flags) == flag;
    }
    static bool is_a_dead_one(detail::owner_token state) {
        for (unsigned p = 0; p < sim::most_processes; ++p)
            if (sim::is_dead(p) && sim::token_of(p) == owner_of(state))
                return true;
        return false;
    }
    static bool is_a_stopped_one(detail::owner_token holder) {
        for (unsigned p = 0; p < sim::most_processes; ++p)
            if (sim::is_stopped(p) && sim::token_of(p) == holder)
                return true;
        return false;
    }

    /// As if all that is over had been cleared away.
    bool there_is_room(std::uint32_t units) {
        std::vector<bool> used(sizes_.units);
        std::uint32_t slots = 0;
        std::size_t end = 0;
        each_slot([&](auto p, detail::owner_token s) {
            const bool is_over =
                s == detail::message_slot::finished || (has(s, detail::message_slot::reserved) && is_a_dead_one(s));
            if (is_over && slots == 0)
                return;
            ++slots;
            const auto place = slot(p).place.load();
            end = (place & 0xffff'ffff) + (place >> 32);
            for (auto u = place & 0xffff'ffff; u < end; ++u)
                used[u] = true;
        });
        const auto free = [&](std::size_t from) {
            return from + units <= used.size() &&
                   std::none_of(used.begin() + static_cast<std::ptrdiff_t>(from),
                                used.begin() + static_cast<std::ptrdiff_t>(from + units), [](bool u) { return u; });
        };
        return slots == 0 ? units <= sizes_.units : slots < sizes_.slots && (free(end) || free(0));
    }

    void check_messages() {
        std::set<number> left;
        each_slot([&](auto p, detail::owner_token s) {
            if (s == detail::message_slot::waits || has(s, detail::message_slot::on_loan))
                left.insert(number_in(p));
            if (owner_of(s) != detail::nobody && !is_a_dead_one(s))
                sim::fail("somebody who lives has left a slot behind");
        });
        bool anybody_died = false;
        std::set<number> seen = left;
        std::multiset<number> by_the_living;
        for (unsigned p = 0; p < all(); ++p) {
            anybody_died = anybody_died || sim::is_dead(p);
            std::vector<number> next(all());
            for (const auto& [n, redelivered] : got_[p]) {
                seen.insert(n);
                if (n / 100 >= all() || n % 100 >= began_[n / 100])
                    sim::fail("a message that nobody sent: " + std::to_string(n));
                if (!sim::is_dead(p))
                    by_the_living.insert(n);
                if (redelivered)
                    continue;
                if (n % 100 < next[n / 100])
                    sim::fail("out of order: " + std::to_string(n));
                next[n / 100] = n % 100 + 1;
            }
        }
        for (const auto n : seen) {
            if (by_the_living.count(n) + left.count(n) > 1)
                sim::fail("somebody who lives had a message, and it came again: " + std::to_string(n));
            if (as_new_.count(n) > 1)
                sim::fail("a message came twice, and nobody was told: " + std::to_string(n));
        }
        for (const auto& received : got_)
            for (const auto& [n, redelivered] : received)
                if (redelivered && !anybody_died && !given_back_.contains(n))
                    sim::fail("said to have come before, and had not: " + std::to_string(n));
        for (const auto& of_one : sent_)
            for (const auto n : of_one)
                if (!seen.contains(n))
                    sim::fail("a message is missing: " + std::to_string(n));
    }

    handle open(bool create) override {
        return create ? std::make_unique<named<message_queue>>(create_only, "frames", sizes_.units * 64, sizes_.slots)
                      : std::make_unique<named<message_queue>>(open_only, "frames");
    }
    void take_seat(message_queue& q, reactor& r) override {
        detail::receive_operation op(q.ring());
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    [[nodiscard]] std::size_t object_bytes() const override {
        return sizeof(detail::message_core) + sizes_.slots * sizeof(detail::message_slot) + sizes_.units * 64;
    }
    [[nodiscard]] const std::byte* object_start() const override {
        return reinterpret_cast<const std::byte*>(&object(0).ring().core());
    }
    std::string field(std::size_t offset) const override {
        constexpr const char* in_slot[] = {".state", ".place", ".content"};
        constexpr const char* in_end[] = {".inside", ".position", ".other_seen"};
        if (offset >= sizeof(detail::message_core)) {
            const auto i = (offset - sizeof(detail::message_core)) / 64;
            return i < sizes_.slots ? "slot " + std::to_string(i) + in_slot[offset % 64 / 8 % 3] : "bytes";
        }
        if (offset >= 176)
            return offset < 180 ? "closed" : "all_woken";
        if (offset >= 128)
            return word_name(offset < 152 ? "poppers" : "pushers", (offset - 128) % 24);
        return std::string(offset < 64 ? "tail" : "head") + in_end[offset % 64 / 8 % 3];
    }

    std::set<unsigned> told_closed_;
    bool helped_;
    sizes sizes_;
    struct receipt {
        number n;
        bool redelivered;
    };
    std::vector<std::vector<receipt>> got_; // written down before it is released
    std::vector<number> began_;
    std::vector<std::vector<number>> sent_;
    std::multiset<number> as_new_; // received, and not said to have come before
    std::set<number> given_back_;
};

constexpr program receiver{.kind = receives};
constexpr program receiver_of_2{.kind = receives, .times = 2};
constexpr program receiver_of_3{.kind = receives, .times = 3};
constexpr program timed_receiver{.kind = receives, .gives_up = true};
constexpr program reactor_{.kind = receives, .waits = way::awaits};
constexpr program reactor_of_2{.kind = receives, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = receives, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program cancelling_once{.kind = receives, .waits = way::awaits, .cancels = true};
constexpr program timed_reactor{.kind = receives, .waits = way::awaits, .gives_up = true};
constexpr program returning{.kind = gives_back, .times = 2};
constexpr program sender{.kind = sends};
constexpr program sender_of_2{.kind = sends, .times = 2};
constexpr program sender_of_3{.kind = sends, .times = 3};
constexpr program sender_of_4{.kind = sends, .times = 4};
constexpr program large_sender{.kind = sends_large};
constexpr program sending_reactor{.kind = sends, .times = 2, .waits = way::awaits_apart};
constexpr program timed_sender{.kind = sends, .times = 2, .gives_up = true};
constexpr program aborting{.kind = aborts, .times = 2};
constexpr program closer{.kind = closes};

using sizes = passing_on::sizes;

sim::plan of(std::string name, sizes s, sim::limits l, std::vector<program> programs, bool all = true) {
    std::optional<program> epilogue;
    if (l.kills != 0)
        epilogue = closer;
    if (l.helped)
        epilogue = help(sender, programs);
    return {std::to_string(s.units) + " units, " + std::to_string(s.slots) + " slots: " + name, l, all,
            [=] { return new passing_on(programs, epilogue, seating::taken_before, s, l.helped); }};
}

} // namespace

int main() {
    return sim::explore({
        of("receiver, sender", {1, 1}, {.preemptions = sim::any_number, .spurious = 1}, {receiver, sender}),
        of("receiver of 2, sender of 2", {1, 1}, {.preemptions = 2}, {receiver_of_2, sender_of_2}),
        of("receiver of 2, sender of 2", {2, 2}, {.preemptions = 2}, {receiver_of_2, sender_of_2}),
        of("timed receiver, timed sender", {1, 1}, {.preemptions = 2, .late = 1}, {timed_receiver, timed_sender}),
        of("reactor of 2, sender of 2", {1, 1}, {.preemptions = 1}, {reactor_of_2, sender_of_2}),
        of("cancelling, sender of 2", {1, 1}, {.preemptions = 1}, {cancelling, sender_of_2}),
        of("reactor, cancelling once, sender", {1, 1}, {.preemptions = 2}, {reactor_, cancelling_once, sender}),
        of("receiver of 2, sending reactor", {1, 1}, {.preemptions = 1}, {receiver_of_2, sending_reactor}),
        of("receiver of 2, 2 senders", {1, 1}, {.preemptions = 1}, {receiver_of_2, sender, sender}),
        of("receiver of 2, 2 senders", {2, 2}, {.preemptions = 1}, {receiver_of_2, sender, sender}),
        of("receiver of 2, sender, large sender", {2, 2}, {.preemptions = 1}, {receiver_of_2, sender, large_sender}),
        of("receiver of 3, 2 large senders, sender", {3, 3}, {.preemptions = 1},
           {receiver_of_3, large_sender, large_sender, sender}),
        of("receiver of 2, sender of 4, large sender", {2, 2}, {.preemptions = 1},
           {receiver_of_2, sender_of_4, large_sender}),
        of("2 receivers, sender of 2", {2, 2}, {.preemptions = 1}, {receiver, receiver, sender_of_2}),
        of("returning, receiver, sender of 2", {2, 2}, {.preemptions = 1}, {returning, receiver, sender_of_2}),
        of("receiver, aborting, sender", {1, 1}, {.preemptions = 1}, {receiver_of_2, aborting, sender}),
        of("receiver, sender, closer", {1, 1}, {.preemptions = 1}, {receiver_of_2, sender_of_2, closer}),
        of("2 receivers, sender, closer", {1, 1}, {.preemptions = 1}, {receiver_of_2, receiver, sender, closer}),
        of("receiver, aborting, closer", {1, 1}, {.preemptions = 1}, {receiver_of_2, aborting, closer}),
        of("receiver, sender, closer, a kill", {1, 1}, {.preemptions = 2, .kills = 1}, {receiver, sender, closer}),
        of("reactor, sender, closer", {1, 1}, {.preemptions = 1}, {reactor_of_2, sender_of_2, closer}),
        of("receiver, sender, a kill", {1, 1}, {.preemptions = 1, .kills = 1}, {receiver_of_2, sender_of_2}),
        of("2 receivers, sender, a kill", {2, 2}, {.preemptions = 0, .kills = 1}, {receiver, receiver, sender_of_2}),
        of("2 receivers, sender, 2 kills", {1, 1}, {.preemptions = 0, .kills = 2}, {receiver, receiver, sender_of_2}),
        of("receiver, 2 senders, 2 kills", {1, 1}, {.preemptions = 0, .kills = 2}, {receiver_of_2, sender, sender}),
        of("2 receivers, sender, closer, a kill", {2, 2}, {.preemptions = 0, .kills = 1},
           {receiver_of_2, receiver_of_2, sender_of_2, closer}),
        of("soon: 2 reactors, sender, a kill", {2, 2}, {.preemptions = 1, .kills = 1, .departures = true},
           {reactor_, reactor_, sender_of_2}),
        of("reactor, receiver, sender, a kill", {1, 1}, {.preemptions = 0, .kills = 1},
           {reactor_, receiver, sender_of_2}),
        of("receiver, sender, a stop", {1, 1}, {.preemptions = 1, .stops = 1}, {receiver_of_2, sender_of_2}),
        of("2 receivers, 2 senders, a stop", {2, 2}, {.preemptions = 0, .stops = 1},
           {receiver, receiver, sender, sender}),
        of("receiver, sender, closer, a stop", {1, 1}, {.preemptions = 0, .stops = 1},
           {receiver_of_2, sender_of_2, closer}),
        of("receiver, 2 senders, a kill, a stop", {2, 2}, {.preemptions = 0, .kills = 1, .stops = 1},
           {receiver_of_2, sender, sender}),
        of("reactor, cancelling once, sender, a kill", {1, 1}, {.preemptions = 1, .kills = 1},
           {reactor_, cancelling_once, sender}),
        of("reactor, timed reactor, sender, a kill", {1, 1}, {.preemptions = 1, .kills = 1, .late = 1},
           {reactor_, timed_reactor, sender}),
        of("reactor, cancelling once, sender, a stop, helped", {4, 4}, {.preemptions = 1, .stops = 1, .helped = true},
           {reactor_, cancelling_once, sender}),
        of("all sorts", {3, 2}, {.spurious = 2, .late = 1},
           {receiver_of_2, cancelling, sender_of_3, sending_reactor, timed_receiver}, false),
        of("all sorts, closed", {3, 3}, {.kills = 1, .stops = 1, .spurious = 1, .late = 1},
           {returning, reactor_of_2, sender_of_2, aborting, closer}, false),
        of("all sorts, kills", {3, 2}, {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
           {returning, reactor_of_2, sender_of_3, large_sender, timed_sender}, false),
    });
}
