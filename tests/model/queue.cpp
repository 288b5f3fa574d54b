// Every run of short programs around a queue, whose users die inside.
#include <model/actors.hpp>

#include <crosswake/queue.hpp>

#include <algorithm>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned pops = 0;
constexpr unsigned pushes = 1;
constexpr unsigned closes = 2;

using item = std::uint64_t; // 100 × producer + number
using line = queue<item>;

class passing_on final : public contest<line> {
public:
    passing_on(std::vector<program> programs, std::optional<program> epilogue, seating sits, std::uint32_t capacity,
               bool helped)
        : contest(std::move(programs), epilogue, sits), helped_(helped), capacity_(capacity), got_(all()),
          began_(all()), in_(all()) {}

    void run(unsigned p) override {
        come(p);
        const auto go_on = [](auto& op) { return op.error == errc{}; };
        switch (of(p).kind) {
        case pops:
            take(
                p, [&](unsigned) { return detail::pop_operation<item>(object(p).ref()); },
                [&](auto& op) {
                    if (go_on(op))
                        got_[p].push_back(op.item());
                    else
                        was_told_closed_ = true;
                    return go_on(op);
                });
            break;
        case pushes:
            take(
                p,
                [&](unsigned i) {
                    began_[p] = i + 1;
                    return detail::push_operation<item>(object(p).ref(), 100 * p + i);
                },
                [&](auto& op) {
                    if (go_on(op))
                        in_[p].push_back(100 * p + began_[p] - 1);
                    return go_on(op);
                });
            break;
        default:
            object(p).close();
        }
    }

    void judge(bool while_stopped) override {
        auto& q = core();
        const auto tail = q.tail.position.load();
        const auto size = detail::items_between(q.head.position.load(), tail, capacity_);
        if (size > capacity_)
            sim::fail("more items than there is room for");
        const bool closed = q.closed.load() != 0;
        const bool head_is_stopped = while_stopped && is_a_stopped_one(q.head.holder.load());
        const bool tail_is_stopped = while_stopped && is_a_stopped_one(q.tail.holder.load());
        const bool helped_in_vain = helped_ && tail_is_stopped; // whoever comes cannot push
        for (unsigned p = 0; p < all(); ++p) {
            if (waits(p, pops) && !head_is_stopped && !helped_in_vain && (size > 0 || (closed && !tail_is_stopped)))
                sim::fail(at_rest(p));
            if (waits(p, pushes) && !tail_is_stopped && (size < capacity_ || closed))
                sim::fail(at_rest(p));
        }
        if (was_told_closed_ && size > 0)
            sim::fail("a popper was told that it is closed and drained, and it is not");
        if (!while_stopped)
            check_items(size);
    }

private:
    detail::queue_core& core() { return sim::judged(object(0).ref().core()); }

    static bool is_a_stopped_one(detail::owner_token holder) {
        for (unsigned p = 0; p < sim::most_processes; ++p)
            if (sim::is_stopped(p) && sim::token_of(p) == holder)
                return true;
        return false;
    }

    void check_items(std::uint64_t size) {
        std::vector<item> left;
        auto at = core().head.position.load();
        const auto* const slots = reinterpret_cast<const std::byte*>(&core()) + sizeof(detail::queue_core);
        for (std::uint64_t i = 0; i < size; ++i, at = detail::advanced(at, 1, capacity_)) {
            item one = 0;
            std::memcpy(&one, slots + detail::slot_of(at) * sizeof(item), sizeof one);
            left.push_back(one);
        }
        std::vector<item> seen = left;
        std::size_t lost_at_most = 0;
        for (unsigned p = 0; p < all(); ++p) {
            seen.insert(seen.end(), got_[p].begin(), got_[p].end());
            if (sim::is_dead(p) && of(p).kind == pops)
                lost_at_most +=
                    std::min<std::size_t>(of(p).times - got_[p].size(), of(p).waits == way::awaits ? of(p).times : 1);
            auto order = got_[p];
            order.insert(order.end(), left.begin(), left.end());
            check_order(order);
        }
        std::sort(seen.begin(), seen.end());
        if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
            sim::fail("an item came twice");
        for (const auto one : seen)
            if (one / 100 >= all() || of(static_cast<unsigned>(one / 100)).kind != pushes ||
                one % 100 >= began_[one / 100])
                sim::fail("an item that nobody pushed: " + std::to_string(one));
        std::size_t missing = 0;
        for (unsigned p = 0; p < all(); ++p)
            for (const auto one : in_[p])
                missing += std::binary_search(seen.begin(), seen.end(), one) ? 0u : 1u;
        if (missing > lost_at_most)
            sim::fail(std::to_string(missing) + " items are missing");
    }

    /// One producer's items come in the order in which it pushed them.
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
        detail::pop_operation<item> op(q.ref());
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    [[nodiscard]] std::size_t object_bytes() const override {
        return sizeof(detail::queue_core) + capacity_ * sizeof(item);
    }
    [[nodiscard]] const std::byte* object_start() const override {
        return reinterpret_cast<const std::byte*>(&object(0).ref().core());
    }
    std::string field(std::size_t offset) const override {
        if (offset >= 192)
            return "slot " + std::to_string((offset - 192) / sizeof(item));
        if (offset >= 176)
            return "closed";
        if (offset >= 128)
            return word_name(offset < 152 ? "poppers" : "pushers", (offset - 128) % 24);
        return std::string(offset < 64 ? "tail" : "head") + (offset % 64 < 8 ? ".holder" : ".position");
    }

    bool was_told_closed_ = false;
    bool helped_;
    std::uint32_t capacity_;
    std::vector<std::vector<item>> got_;
    std::vector<unsigned> began_;
    std::vector<std::vector<item>> in_;
};

constexpr program popper{.kind = pops};
constexpr program popper_of_2{.kind = pops, .times = 2};
constexpr program timed_popper{.kind = pops, .gives_up = true};
constexpr program reactor_{.kind = pops, .waits = way::awaits};
constexpr program reactor_of_2{.kind = pops, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = pops, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program cancelling_once{.kind = pops, .waits = way::awaits, .cancels = true};
constexpr program timed_reactor{.kind = pops, .waits = way::awaits, .gives_up = true};
constexpr program pusher{.kind = pushes};
constexpr program pusher_of_2{.kind = pushes, .times = 2};
constexpr program pusher_of_3{.kind = pushes, .times = 3};
constexpr program pushing_reactor{.kind = pushes, .times = 2, .waits = way::awaits_apart};
constexpr program timed_pusher{.kind = pushes, .times = 2, .gives_up = true};
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
        of("popper, pusher", 1, {.preemptions = sim::any_number, .spurious = 1}, {popper, pusher}),
        of("popper of 2, pusher of 2", 1, {.preemptions = 3, .spurious = 1}, {popper_of_2, pusher_of_2}),
        of("timed popper, timed pusher", 1, {.preemptions = 3, .late = 1}, {timed_popper, timed_pusher}),
        of("reactor of 2, pusher of 2", 1, {.preemptions = 2}, {reactor_of_2, pusher_of_2}),
        of("cancelling, pusher of 2", 1, {.preemptions = 2}, {cancelling, pusher_of_2}),
        of("reactor, cancelling once, pusher", 1, {.preemptions = 2}, {reactor_, cancelling_once, pusher}),
        of("popper of 2, pushing reactor", 1, {.preemptions = 2}, {popper_of_2, pushing_reactor}),
        of("popper, 2 pushers", 1, {.preemptions = 2}, {popper_of_2, pusher, pusher}),
        of("2 poppers, pusher", 2, {.preemptions = 2}, {popper, popper, pusher_of_2}),
        of("popper, pusher, closer", 1, {.preemptions = 2}, {popper_of_2, pusher_of_2, closer}),
        of("2 poppers, pusher, closer", 1, {.preemptions = 1}, {popper, popper, pusher, closer}),
        of("reactor, pusher, closer", 1, {.preemptions = 2}, {reactor_of_2, pusher_of_2, closer}),
        of("pushing reactor, popper, closer", 1, {.preemptions = 1}, {pushing_reactor, popper, closer}),
        of("popper, pusher, closer, a kill", 1, {.preemptions = 1, .kills = 1}, {popper_of_2, pusher_of_2, closer}),
        of("popper, pusher, closer, a stop", 1, {.preemptions = 1, .stops = 1}, {popper_of_2, pusher_of_2, closer}),
        of("reactor, pusher, closer, a stop", 1, {.preemptions = 1, .stops = 1}, {reactor_of_2, pusher_of_2, closer}),
        of("popper, pusher, a kill", 1, {.preemptions = 2, .kills = 1}, {popper_of_2, pusher_of_2}),
        of("2 poppers, pusher, 2 kills", 1, {.preemptions = 0, .kills = 2}, {popper, popper, pusher_of_2}),
        of("popper, 2 pushers, 2 kills", 1, {.preemptions = 0, .kills = 2}, {popper_of_2, pusher, pusher}),
        of("soon: 2 reactors, pusher, a kill", 2, {.preemptions = 1, .kills = 1, .departures = true},
           {reactor_, reactor_, pusher_of_2}),
        of("soon: pushing reactor, reactor, a kill", 1, {.preemptions = 1, .kills = 1, .departures = true},
           {reactor_of_2, pushing_reactor}),
        of("reactor, popper, pusher, a kill", 1, {.preemptions = 1, .kills = 1}, {reactor_, popper, pusher_of_2}),
        of("popper, pusher, a stop", 1, {.preemptions = 1, .stops = 1}, {popper_of_2, pusher_of_2}),
        of("popper, 2 pushers, a kill, a stop", 1, {.preemptions = 0, .kills = 1, .stops = 1},
           {popper_of_2, pusher, pusher}),
        of("reactor, popper, pusher, a stop", 1, {.preemptions = 0, .stops = 1}, {reactor_, popper, pusher_of_2}),
        of("popper, cancelling once, pusher, a kill", 1, {.preemptions = 1, .kills = 1},
           {popper, cancelling_once, pusher}),
        of("reactor, timed reactor, pusher, a kill", 1, {.preemptions = 1, .kills = 1, .late = 1},
           {reactor_, timed_reactor, pusher}),
        of("popper, cancelling once, pusher, a stop, helped", 4, {.preemptions = 1, .stops = 1, .helped = true},
           {popper, cancelling_once, pusher}),
        of("all sorts", 2, {.spurious = 2, .late = 1},
           {popper_of_2, cancelling, pusher_of_3, pushing_reactor, timed_popper}, false),
        of("all sorts, closed", 2, {.kills = 1, .stops = 1, .spurious = 1, .late = 1},
           {popper_of_2, reactor_of_2, pusher_of_2, pushing_reactor, closer}, false),
        of("all sorts, kills", 2, {.kills = 2, .stops = 1, .spurious = 1, .late = 1},
           {popper_of_2, reactor_of_2, pusher_of_3, pushing_reactor, timed_pusher}, false),
    });
}
