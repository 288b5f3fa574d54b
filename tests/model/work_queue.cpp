// Every run of short programs around a work queue, whose users die with items in hand.
#include <model/actors.hpp>

#include <crosswake/work_queue.hpp>

#include <algorithm>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned takes = 0;
constexpr unsigned puts_back = 1; // what nobody has put back before, and confirms the rest
constexpr unsigned pushes = 2;
constexpr unsigned closes = 3;

using item = std::uint64_t; // 100 × producer + number
using line = work_queue<item>;
using detail::places;

constexpr item none = ~item{0};

class passing_on final : public contest<line> {
public:
    passing_on(std::vector<program> programs, std::optional<program> epilogue, seating sits, std::uint32_t capacity,
               bool helped)
        : contest(std::move(programs), epilogue, sits), helped_(helped), capacity_(capacity), hands_(all()),
          confirming_(all(), none), confirmed_(all()), fresh_(all()), began_(all()), in_(all()) {}

    void run(unsigned p) override {
        come(p);
        switch (of(p).kind) {
        case takes:
        case puts_back:
            take(
                p, [&](unsigned) { return detail::take_operation<item>(object(p).ref()); },
                [&](auto& op) { return received(p, op); });
            break;
        case pushes:
            take(
                p,
                [&](unsigned i) {
                    began_[p] = i + 1;
                    using push = detail::push_operation<item, detail::work_queue_ref<item>>;
                    return push(object(p).ref(), 100 * p + i);
                },
                [&](auto& op) {
                    if (op.error == errc{})
                        in_[p].push_back(100 * p + began_[p] - 1);
                    return op.error == errc{};
                });
            break;
        default:
            object(p).close();
        }
    }

    void judge(bool while_stopped) override {
        auto& q = core();
        const auto s = judged_places();
        const bool closed = q.closed.load() != 0;
        const bool head_is_stopped = while_stopped && is_a_stopped_one(q.head.holder.load());
        const bool tail_is_stopped = while_stopped && is_a_stopped_one(q.tail.holder.load());
        bool something = false;
        bool in_hand = false;
        for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
            const auto word = s.word(slot);
            const bool holder_lives = places::in_hand(word) && !is_a_dead_one(word);
            in_hand = in_hand || holder_lives;
            something = something || is_in(slot, word) || (places::unsettled(word) && !holder_lives);
        }
        const bool helped_in_vain = helped_ && tail_is_stopped; // whoever comes cannot push
        for (unsigned p = 0; p < all(); ++p) {
            if ((waits(p, takes) || waits(p, puts_back)) && !head_is_stopped && !helped_in_vain &&
                (something || (closed && !in_hand && !tail_is_stopped)))
                sim::fail(at_rest(p));
            if (waits(p, pushes) && !tail_is_stopped && (closed || there_is_room()))
                sim::fail(at_rest(p));
        }
        if (was_told_closed_ && (something || in_hand))
            sim::fail("a taker was told that it is closed and drained, and it is not");
        if (!while_stopped)
            check_items();
    }

private:
    bool received(unsigned p, detail::take_operation<item>& op) {
        if (op.error != errc{}) {
            was_told_closed_ = true;
            for (const auto& of_one : hands_)
                for (const auto one : of_one)
                    if (!is_confirmed(one) && std::count(confirming_.begin(), confirming_.end(), one) == 0)
                        sim::fail("told that it is closed and drained, with an item in hand: " + std::to_string(one));
            return false;
        }
        auto d = op.delivery();
        const auto one = d.item();
        const auto before = std::count(given_.begin(), given_.end(), one);
        if (before != 0 && d.redelivered() == 0)
            sim::fail("it is not told that the item was another's before: " + std::to_string(one));
        if (before == 0 && d.redelivered() != 0 && !somebody_is_dead())
            sim::fail("it is told that the item was another's before, and it was not: " + std::to_string(one));
        for (unsigned q = 0; q < all(); ++q)
            if (!sim::is_dead(q) && std::count(hands_[q].begin(), hands_[q].end(), one) != 0)
                sim::fail("two have the item at the same time: " + std::to_string(one));
        if (is_confirmed(one))
            sim::fail("an item came again after it was confirmed: " + std::to_string(one));
        given_.push_back(one);
        if (d.redelivered() == 0)
            fresh_[p].push_back(one);
        hands_[p].push_back(one);
        sim::step();
        hands_[p].pop_back();
        if (of(p).kind == puts_back && d.redelivered() == 0) {
            d.put_back();
        } else {
            confirming_[p] = one;
            d.confirm();
            confirming_[p] = none;
            confirmed_[p].push_back(one);
        }
        return true;
    }

    detail::work_queue_core& core() { return sim::judged(object(0).ref().core()); }
    detail::places judged_places() { return {&sim::judged(*object(0).ref().places().first), capacity_}; }
    bool is_in(std::uint32_t slot, std::uint64_t word) {
        const auto pushed_at = (word & ~std::uint64_t{0xffff'ffff}) | slot;
        return places::waits(word) && detail::is_before(pushed_at, core().tail.position.load());
    }

    /// From the tail on: a place that nobody has, before one whose item is in.
    bool there_is_room() {
        const auto s = judged_places();
        auto p = core().tail.position.load();
        for (std::uint32_t n = 0; n < capacity_; ++n, p = s.after(p)) {
            const auto word = s.word(p);
            if (!places::unsettled(word))
                return !is_in(detail::slot_of(p), word);
        }
        return false;
    }

    static bool is_a_stopped_one(detail::owner_token holder) {
        for (unsigned p = 0; p < sim::most_processes; ++p)
            if (sim::is_stopped(p) && sim::token_of(p) == holder)
                return true;
        return false;
    }
    static bool is_a_dead_one(detail::owner_token holder) {
        for (unsigned p = 0; p < sim::most_processes; ++p)
            if (sim::is_dead(p) && sim::token_of(p) == holder)
                return true;
        return false;
    }
    [[nodiscard]] bool somebody_is_dead() const {
        for (unsigned p = 0; p < all(); ++p)
            if (sim::is_dead(p))
                return true;
        return false;
    }
    [[nodiscard]] bool is_confirmed(item one) const {
        return std::any_of(confirmed_.begin(), confirmed_.end(),
                           [one](const auto& of_one) { return std::count(of_one.begin(), of_one.end(), one) != 0; });
    }

    /// Pushed = confirmed + in the queue, each once; but for those that a dead one was confirming, no item is missing.
    void check_items() {
        const auto s = judged_places();
        const auto* const slots = object_start() + object_bytes() - capacity_ * sizeof(item);
        std::vector<item> seen;
        for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
            const auto word = s.word(slot);
            if (!places::unsettled(word) && !is_in(slot, word))
                continue;
            item one = 0;
            std::memcpy(&one, &sim::judged(slots[slot * sizeof(item)]), sizeof one);
            seen.push_back(one);
        }
        for (const auto& of_one : confirmed_)
            seen.insert(seen.end(), of_one.begin(), of_one.end());
        std::sort(seen.begin(), seen.end());
        if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
            sim::fail("an item is there twice");
        for (const auto one : seen)
            if (one / 100 >= all() || of(static_cast<unsigned>(one / 100)).kind != pushes ||
                one % 100 >= began_[one / 100])
                sim::fail("an item that nobody pushed: " + std::to_string(one));
        for (const auto& pushed : in_)
            for (const auto one : pushed)
                if (!std::binary_search(seen.begin(), seen.end(), one) &&
                    std::count(confirming_.begin(), confirming_.end(), one) == 0)
                    sim::fail("an item is lost: " + std::to_string(one));
        for (const auto& mine : fresh_)
            check_order(mine);
    }
    /// One producer's items come, fresh, in the order in which it pushed them.
    void check_order(const std::vector<item>& items) {
        std::vector<item> next(all());
        for (const auto one : items)
            if (const auto p = one / 100; p < all()) {
                if (one % 100 < next[p])
                    sim::fail("out of order: " + std::to_string(one));
                next[p] = one % 100 + 1;
            }
    }

    handle open(bool create) override {
        return create ? std::make_unique<named<line>>(create_only, "line", capacity_)
                      : std::make_unique<named<line>>(open_only, "line");
    }
    void take_seat(line& q, reactor& r) override {
        detail::take_operation<item> op(q.ref());
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    [[nodiscard]] std::size_t object_bytes() const override {
        return detail::work_queue_ref<item>::bytes_for(capacity_);
    }
    [[nodiscard]] const std::byte* object_start() const override {
        return reinterpret_cast<const std::byte*>(&object(0).ref().core());
    }
    std::string field(std::size_t offset) const override {
        constexpr auto places_at = sizeof(detail::work_queue_core);
        if (offset >= places_at)
            return "place " + std::to_string((offset - places_at) / sizeof(detail::place_layout));
        if (offset >= 192)
            return offset < 200 ? "oldest" : "returned";
        if (offset >= 176)
            return "closed";
        if (offset >= 128)
            return word_name(offset < 152 ? "takers" : "pushers", (offset - 128) % 24);
        return std::string(offset < 64 ? "tail" : "head") + (offset % 64 < 8 ? ".holder" : ".position");
    }

    bool was_told_closed_ = false;
    bool helped_;
    std::uint32_t capacity_;
    std::vector<item> given_;
    std::vector<std::vector<item>> hands_;
    std::vector<item> confirming_;
    std::vector<std::vector<item>> confirmed_;
    std::vector<std::vector<item>> fresh_;
    std::vector<unsigned> began_;
    std::vector<std::vector<item>> in_;
};

constexpr program taker{.kind = takes};
constexpr program taker_of_2{.kind = takes, .times = 2};
constexpr program timed_taker{.kind = takes, .gives_up = true};
constexpr program reactor_{.kind = takes, .waits = way::awaits};
constexpr program reactor_of_2{.kind = takes, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = takes, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program cancelling_once{.kind = takes, .waits = way::awaits, .cancels = true};
constexpr program returner{.kind = puts_back};
constexpr program returner_of_3{.kind = puts_back, .times = 3};
constexpr program timed_reactor{.kind = takes, .waits = way::awaits, .gives_up = true};
constexpr program pusher{.kind = pushes};
constexpr program pusher_of_2{.kind = pushes, .times = 2};
constexpr program pusher_of_3{.kind = pushes, .times = 3};
constexpr program pushing_reactor{.kind = pushes, .times = 2, .waits = way::awaits_apart};
constexpr program closer{.kind = closes};

sim::plan of(std::string name, std::uint32_t capacity, sim::limits l, std::vector<program> programs, bool all = true,
             seating sits = seating::taken_before) {
    std::optional<program> epilogue;
    if (l.kills != 0)
        epilogue = closer;
    if (l.helped)
        epilogue = help(pusher, programs);
    return {"room for " + std::to_string(capacity) + ": " + name, l, all,
            [=] { return new passing_on(programs, epilogue, sits, capacity, l.helped); }};
}

} // namespace

int main() {
    return sim::explore({
        of("taker, pusher", 1, {.preemptions = sim::any_number}, {taker, pusher}),
        of("taker of 2, pusher of 2", 1, {.preemptions = 2, .spurious = 1}, {taker_of_2, pusher_of_2}),
        of("taker, pusher, a kill", 1, {.preemptions = 2, .kills = 1}, {taker, pusher}),
        of("2 takers, pusher, a kill", 2, {.preemptions = 1, .kills = 1}, {taker, taker, pusher_of_2}),
        of("2 takers, pusher, 2 kills", 1, {.preemptions = 0, .kills = 2}, {taker, taker, pusher_of_2}),
        of("taker, 2 pushers, 2 kills", 2, {.preemptions = 0, .kills = 2}, {taker_of_2, pusher_of_2, pusher}),
        of("returner, taker, pusher", 2, {.preemptions = 1}, {returner, taker_of_2, pusher_of_2}),
        of("returner, pusher, a kill", 2, {.preemptions = 1, .kills = 1}, {returner_of_3, pusher_of_2}),
        of("timed taker, pusher", 1, {.preemptions = 2, .late = 1}, {timed_taker, pusher_of_2}),
        of("reactor of 2, pusher of 2", 1, {.preemptions = 1}, {reactor_of_2, pusher_of_2}),
        of("cancelling, pusher of 2", 2, {.preemptions = 1}, {cancelling, pusher_of_2}),
        of("reactor, cancelling once, pusher", 1, {.preemptions = 2}, {reactor_, cancelling_once, pusher}),
        of("taker of 2, pushing reactor", 1, {.preemptions = 1}, {taker_of_2, pushing_reactor}),
        of("soon: 2 reactors, pusher, a kill", 2, {.preemptions = 1, .kills = 1, .departures = true},
           {reactor_, reactor_, pusher_of_2}),
        of("soon: 2 reactors, pusher, a kill unheard", 2,
           {.preemptions = 1, .kills = 1, .unheard = true, .departures = true}, {reactor_, reactor_, pusher}),
        of("reactor, taker, pusher, a kill", 2, {.preemptions = 0, .kills = 1}, {reactor_, taker_of_2, pusher_of_2}),
        of("taker, pusher, closer", 1, {.preemptions = 1}, {taker_of_2, pusher_of_2, closer}),
        of("2 takers, pusher, closer", 1, {.preemptions = 1}, {taker, taker, pusher, closer}),
        of("returner, taker, pusher, closer, a kill", 2, {.preemptions = 0, .kills = 1},
           {returner_of_3, taker_of_2, pusher_of_2, closer}),
        of("taker, pusher, closer, a stop", 1, {.preemptions = 1, .stops = 1}, {taker_of_2, pusher_of_2, closer}),
        of("2 takers, pusher, a stop", 2, {.preemptions = 0, .stops = 1}, {taker_of_2, taker, pusher_of_2}),
        of("reactor, taker, pusher, a kill, a stop", 2, {.preemptions = 0, .kills = 1, .stops = 1},
           {reactor_, taker, pusher}),
        of("taker, cancelling once, pusher, a kill", 1, {.preemptions = 1, .kills = 1},
           {taker, cancelling_once, pusher}),
        of("reactor, timed reactor, pusher, a kill", 1, {.preemptions = 1, .kills = 1, .late = 1},
           {reactor_, timed_reactor, pusher}),
        of("taker, cancelling once, pusher, a stop, helped", 4, {.preemptions = 1, .stops = 1, .helped = true},
           {taker, cancelling_once, pusher}),
        of("all sorts", 2, {.spurious = 2, .late = 1},
           {taker_of_2, cancelling, returner_of_3, pusher_of_3, pushing_reactor}, false),
        of("all sorts, closed", 2, {.kills = 1, .stops = 1, .spurious = 1, .late = 1},
           {taker_of_2, reactor_of_2, returner, pusher_of_3, closer}, false),
        of("all sorts, kills", 3, {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
           {taker_of_2, reactor_of_2, returner_of_3, pusher_of_3, pushing_reactor}, false),
    });
}
