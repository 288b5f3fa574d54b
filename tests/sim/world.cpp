#include <sim/world.hpp>

#include <sim/atomic.hpp>
#include <sim/image.hpp>

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <limits>
#include <utility>

namespace crosswake::sim {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t the_start = 1'000'000 * ms;
constexpr std::int64_t for_deadlines = 50 * ms; // users' deadlines are nearer than that, any look-up is further away
constexpr std::uint64_t most_steps = 200'000;
constexpr std::size_t stack_bytes = 256 * 1024;
constexpr unsigned most_delayed = 32;

enum class condition : unsigned char { absent, runnable, asleep, polling, finished, dead };

struct delayed_store {
    place at = 0;
    unsigned bytes = 0;
    std::uint64_t value = 0;
};

struct process_state {
    condition is = condition::absent;
    unsigned name = 0;
    bool started = false;
    bool stopped = false;
    bool lingers = false; // dead, and nobody can know it yet
    bool polls_edges = false;
    place word = 0;
    std::int64_t wake_at = 0;
    std::uint64_t history = 0;
    unsigned delays = 0;
    delayed_store delayed[most_delayed];
    // The load that it repeats, if it does nothing else.
    place load_at = 0;
    int load_order = 0;
    unsigned loads = 0;
    std::uint64_t loaded = 0;
};

enum class how : unsigned char { as_it_is, spuriously, in_time };

struct option {
    act what = act::go_on;
    unsigned who = 0;
    how way = how::as_it_is;
};

struct options {
    unsigned count = 0;
    option list[32];
    act acts[32]{};
    void add(act what, unsigned who, how way = how::as_it_is) {
        list[count] = {what, who, way};
        acts[count++] = what;
    }
};

struct world_state {
    scenario* story = nullptr;
    chooser* chance = nullptr;
    limits allowed;
    limits used;
    bool log = false;
    bool quiet = true;     // what happens now happens outside of the run
    unsigned rechecks = 0; // how often everybody's re-check is still to come
    bool epilogue = false;
    unsigned current = host;
    unsigned count = 0;
    std::uint64_t steps = 0;
    std::int64_t time = 0;
    std::int64_t horizon = 0;
    std::uint64_t memory = 0;
    std::uint64_t tag = 0;
    std::uint64_t randoms = 0;
    place fixed_first = 0;
    place fixed_end = 0;
    verdict result = verdict::right;
    process_state processes[most_processes];
    bell_state bells[most_bells];
    region_state regions[most_regions];
};

world_state w;
std::string why_wrong;
image images[most_processes];
image host_image;

struct fiber {
    ucontext_t birth{};
    jmp_buf base{};
    jmp_buf here{};
    std::byte* stack = nullptr;
};
fiber fibers[most_processes];
ucontext_t birth_place;
jmp_buf host_context;

// ------------------------------------------------------------------------------------------------------------ numbers

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    auto x = (a ^ (b + 0x9e37'79b9'7f4a'7c15 + (a << 6) + (a >> 2))) * 0xff51'afd7'ed55'8ccd;
    x ^= x >> 32;
    x *= 0xc4ce'b9fe'1a85'ec53;
    return x ^ (x >> 29);
}

process_state& me() noexcept {
    return w.processes[w.current];
}

constexpr detail::owner_token token_for(unsigned name) noexcept {
    return (std::uint64_t{100 + name} << 2) | (std::uint64_t{7} << 42);
}

std::uint64_t bytes_at(place at, unsigned bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, address_of(at, judge), bytes);
    return value;
}

bool is_fixed(place at) noexcept {
    return at >= w.fixed_first && at < w.fixed_end;
}

void write(place at, unsigned bytes, std::uint64_t value) noexcept {
    if (is_fixed(at))
        fail("somebody writes where nobody was to write");
    w.memory ^= mix(at, bytes_at(at, bytes)) ^ mix(at, value);
    std::memcpy(address_of(at, judge), &value, bytes);
}

// ---------------------------------------------------------------------------------------------------------- the log

std::string named(place at) {
    for (unsigned i = 0; i < most_bells; ++i)
        if (const auto& b = w.bells[i]; b.exists && at >= b.mailbox && at < b.mailbox + 1024) {
            const auto offset = at - b.mailbox;
            const auto whose = "P" + std::to_string(b.owner) + "'s mailbox.";
            return whose + (offset == 0   ? "ring"
                            : offset == 8 ? "summary"
                                          : "marks[" + std::to_string((offset - 16) / 8) + "]");
        }
    for (unsigned i = 0; i < most_regions; ++i)
        if (const auto& r = w.regions[i]; r.exists && at >= r.at && at < r.at + r.bytes) {
            if (auto name = w.story->name_of(at); !name.empty())
                return name;
            return std::string(r.name) + "+" + std::to_string(at - r.at);
        }
    return std::to_string(at);
}

[[gnu::format(printf, 1, 2)]] void note(const char* format, ...) {
    if (!w.log)
        return;
    const on_the_heap guard;
    if (w.current < most_processes)
        std::printf("%5llu  %*sP%u  ", static_cast<unsigned long long>(w.steps), static_cast<int>(w.current * 4), "",
                    w.current);
    else
        std::printf("%5llu  --  ", static_cast<unsigned long long>(w.steps));
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::putchar('\n');
}

void note_access(const char* what, place at, std::uint64_t value, const char* more = "") {
    if (!w.log)
        return;
    const on_the_heap guard;
    note("%-8s %-28s %llx%s", what, named(at).c_str(), static_cast<unsigned long long>(value), more);
}

// ------------------------------------------------------------------------------------------------ one to another

[[noreturn]] void end_run(verdict v) {
    w.result = v;
    w.quiet = true;
    ::_longjmp(host_context, 1);
}

[[gnu::noinline]] void hop(jmp_buf& from, jmp_buf& to) {
    if (::_setjmp(from) == 0)
        ::_longjmp(to, 1);
}

void go_to(unsigned p) {
    static jmp_buf nowhere;
    const auto from = w.current;
    if (from < most_processes)
        images[from].save();
    images[p].restore();
    allocate_for(p);
    w.current = p;
    const bool started = std::exchange(w.processes[p].started, true);
    hop(from < most_processes ? fibers[from].here : nowhere, started ? fibers[p].here : fibers[p].base);
}

void leave();

void be_a_fiber(unsigned self) {
    fiber& f = fibers[self];
    if (::_setjmp(f.base) == 0)
        ::swapcontext(&f.birth, &birth_place);
    // From here each time that a run starts this process.
    try {
        w.story->run(w.current);
    } catch (const std::exception& e) {
        fail(std::string("an exception: ") + e.what());
    }
    note("finished");
    step();
    drain_stores();
    me().is = condition::finished;
    leave();
    std::abort();
}

// ----------------------------------------------------------------------------------------------------- what befalls

/// What is not the bell proper.
bool others_ring(const bell_state& b) {
    return b.region_rung || b.death || b.departure;
}

bool is_signalled(unsigned p) {
    const bool by_edges = w.processes[p].polls_edges;
    return std::any_of(std::begin(w.bells), std::end(w.bells), [p, by_edges](const bell_state& b) {
        return b.exists && b.open && b.owner == p && ((by_edges ? b.edge : b.rung) || others_ring(b));
    });
}

void deliver(process_state& p, unsigned n) {
    for (unsigned i = 0; i < n; ++i)
        write(p.delayed[i].at, p.delayed[i].bytes, p.delayed[i].value);
    std::copy(p.delayed + n, p.delayed + p.delays, p.delayed);
    p.delays -= n;
}

void tell_of_death(unsigned p) {
    w.processes[p].lingers = false;
    for (auto& b : w.bells)
        if (b.exists && b.open && b.mourns[p] != 0) {
            b.death = true;
            make_pollers_look(b.owner);
        }
}

void die(unsigned p) {
    auto& victim = w.processes[p];
    deliver(victim, victim.delays); // what was stored is stored
    victim.is = condition::dead;
    victim.stopped = false;
    // Its departure is heard first, and the system may need a moment to finish with it.
    victim.lingers = w.allowed.departures && !w.quiet;
    for (unsigned i = 0; i < most_regions; ++i)
        if (std::exchange(w.regions[i].mapped[p], 0) != 0)
            tell_of_departure(i);
    for (auto& b : w.bells)
        if (b.owner == p)
            b.open = false;
    if (!victim.lingers)
        tell_of_death(p);
}

/// What the system does in no time: whoever has died counts as dead. false: everybody did already.
bool finish_with_the_dead() {
    bool was_through = true;
    for (unsigned p = 0; p < w.count; ++p)
        if (w.processes[p].lingers) {
            tell_of_death(p);
            note("P%u counts as dead", p);
            was_through = false;
        }
    return !was_through;
}

void resume(const option& o) {
    auto& p = w.processes[o.who];
    p.is = condition::runnable;
    if (o.way == how::spuriously) {
        note("P%u wakes up, though nobody woke it", o.who);
        ++w.used.spurious;
    } else if (o.way == how::in_time) {
        ++w.used.late;
        w.time = std::max(w.time, p.wake_at);
        note("it is time for P%u", o.who);
    }
}

void offer_runs(options& o, unsigned except) {
    for (unsigned i = 0; i < w.count; ++i)
        if (const auto& p = w.processes[i]; i != except && !p.stopped && p.is == condition::runnable)
            o.add(act::run, i);
    for (unsigned i = 0; i < w.count; ++i) {
        const auto& p = w.processes[i];
        if (i == except || p.stopped || (p.is != condition::asleep && p.is != condition::polling))
            continue;
        if (w.used.spurious < w.allowed.spurious)
            o.add(act::run, i, how::spuriously);
        if (w.used.late < w.allowed.late && p.wake_at <= w.horizon)
            o.add(act::run, i, how::in_time);
    }
}

bool can_suffer(const process_state& p) {
    return p.is == condition::runnable || p.is == condition::asleep || p.is == condition::polling;
}
bool can_go_on(const process_state& p) {
    return p.is == condition::runnable && !p.stopped;
}

void offer_kills(options& o, bool also_others) {
    if (w.used.kills >= w.allowed.kills)
        return;
    for (unsigned i = 0; i < w.count; ++i)
        if ((also_others || i == w.current) && can_suffer(w.processes[i]))
            o.add(act::kill, i);
}

void offer_stops(options& o, bool also_others) {
    if (w.used.stops >= w.allowed.stops)
        return;
    for (unsigned i = 0; i < w.count; ++i)
        if ((also_others || i == w.current) && can_suffer(w.processes[i]) && !w.processes[i].stopped)
            o.add(act::stop, i);
}

option decide(const options& o, std::uint64_t tag) {
    if (o.count == 1)
        return o.list[0];
    w.tag = tag;
    return o.list[w.chance->choose(o.count, {o.acts, o.count})];
}

void suffer(const option& o) {
    if (o.what == act::kill) {
        w.rechecks = std::max(w.rechecks, 1u);
        note("P%u IS KILLED", o.who);
        ++w.used.kills;
        for (unsigned i = 0; i < w.count; ++i)
            if (have_one_name(i, o.who) && (can_suffer(w.processes[i]) || is_finished(i)))
                die(i);
    } else {
        // A reactor that is stopped swallows one ring after the other: what a re-check brings about may need another.
        w.rechecks = w.allowed.helped ? 0 : most_processes / 2;
        note("P%u IS STOPPED", o.who);
        ++w.used.stops;
        for (unsigned i = 0; i < w.count; ++i)
            if (auto& p = w.processes[i]; have_one_name(i, o.who) && can_suffer(p))
                p.stopped = true;
    }
}

/// A step of the current process. `outside`: somebody else's death makes a difference here. (Between two accesses to
/// memory it would make none: nobody has noticed it before the next step at which it does.)
void pause(bool outside) {
    if (w.quiet)
        return;
    if (++w.steps > most_steps)
        fail("it goes on for ever");
    w.quiet = true;
    w.story->look();
    w.quiet = false;
    me().history = mix(me().history, 1);
    me().loads = 0;
    for (;;) {
        options o;
        o.add(act::go_on, w.current);
        if (w.used.preemptions < w.allowed.preemptions)
            offer_runs(o, w.current);
        offer_kills(o, outside);
        offer_stops(o, false);
        const auto choice = decide(o, 1);
        switch (choice.what) {
        case act::run:
            w.used.preemptions += w.allowed.preemptions == any_number ? 0 : 1;
            resume(choice);
            go_to(choice.who);
            return;
        case act::kill:
        case act::stop:
            suffer(choice);
            if (!can_go_on(me())) {
                leave();
                return;
            }
            break;
        default:
            return;
        }
    }
}

void be_judged(bool while_stopped) {
    w.quiet = true;
    w.story->judge(while_stopped);
    w.quiet = false;
}

/// false: there is none, or it has been.
bool begin_epilogue() {
    if (w.epilogue || !w.story->has_epilogue())
        return false;
    w.epilogue = true;
    // What the system is like stays; nothing befalls anybody any more.
    w.used.helped = w.allowed.helped;
    w.used.unreachable = w.allowed.unreachable;
    w.used.unheard = w.allowed.unheard;
    w.used.departures = w.allowed.departures;
    w.allowed = w.used;
    w.horizon = w.time;
    w.processes[w.count - 1].is = condition::runnable;
    note("a fresh process comes");
    return true;
}

/// Nobody can go on.
void come_to_rest() {
    auto next = std::numeric_limits<std::int64_t>::max();
    for (unsigned i = 0; i < w.count; ++i) {
        auto& p = w.processes[i];
        deliver(p, p.delays);
        if (!p.stopped && (p.is == condition::asleep || p.is == condition::polling))
            next = std::min(next, p.wake_at);
    }
    if (finish_with_the_dead())
        return;
    if (next <= w.horizon) {
        w.time = std::max(w.time, next);
        note("the clock moves on to +%lld ms", static_cast<long long>((w.time - the_start) / ms));
        for (unsigned i = 0; i < w.count; ++i)
            if (auto& p = w.processes[i]; can_suffer(p) && p.is != condition::runnable && p.wake_at <= w.time)
                p.is = condition::runnable;
        return;
    }
    if (w.rechecks != 0) {
        --w.rechecks;
        w.horizon = w.time + owner_check_ns + (w.allowed.departures ? 0 : recheck_ns);
        return;
    }
    bool somebody_was_stopped = false;
    for (unsigned i = 0; i < w.count; ++i)
        somebody_was_stopped = somebody_was_stopped || w.processes[i].stopped;
    if (somebody_was_stopped && w.allowed.helped && begin_epilogue())
        return;
    if (somebody_was_stopped) {
        be_judged(true);
        for (unsigned i = 0; i < w.count; ++i)
            if (auto& p = w.processes[i]; std::exchange(p.stopped, false)) {
                note("P%u goes on", i);
                if (p.is != condition::runnable && (is_signalled(i) || p.wake_at <= w.time))
                    p.is = condition::runnable;
            }
        w.horizon = w.time;
        w.rechecks = w.used.kills != 0 ? 1 : 0; // somebody who died may owe something to who was stopped
        return;
    }
    be_judged(false);
    if (!begin_epilogue())
        end_run(verdict::right);
}

/// The current process cannot go on. Returns when it can again.
void leave() {
    const auto self = w.current;
    for (;;) {
        options o;
        offer_runs(o, host);
        const bool rests = o.count == 0;
        if (rests)
            o.add(act::go_on, self);
        offer_kills(o, true);
        offer_stops(o, true);
        const auto choice = decide(o, 2);
        switch (choice.what) {
        case act::run:
            resume(choice);
            if (choice.who != self)
                go_to(choice.who);
            return;
        case act::kill:
        case act::stop:
            suffer(choice);
            break;
        default:
            come_to_rest();
        }
    }
}

/// Stores of others to this place that are under way may arrive now. Later than that makes no difference, and neither
/// does sooner.
void let_stores_arrive(place at) {
    for (unsigned i = 0; i < w.count; ++i) {
        auto& p = w.processes[i];
        if (i == w.current || p.delays == 0)
            continue;
        unsigned ends[most_delayed + 1]{};
        unsigned n = 1;
        for (unsigned k = 0; k < p.delays; ++k)
            if (p.delayed[k].at == at)
                ends[n++] = k + 1;
        if (n > 1) {
            w.tag = 16 + i;
            if (const auto c = w.chance->choose(n, {})) {
                note("what P%u stored arrives", i);
                deliver(p, ends[c]);
            }
        }
    }
}

void drain(process_state& p) {
    deliver(p, p.delays);
}

void has_seen(std::uint64_t what) {
    me().history = mix(me().history, what);
}

bool takes_part(const void* at) {
    return !w.quiet && is_shared(at);
}

} // namespace

// ------------------------------------------------------------------------------------------------------------- memory

std::uint64_t atomic_load(const void* at, unsigned bytes, std::memory_order order) noexcept {
    if (!takes_part(at)) {
        std::uint64_t value = 0;
        std::memcpy(&value, at, bytes);
        return value;
    }
    const auto where = place_of(at);
    if (is_fixed(where))
        return bytes_at(where, bytes);
    // Whoever looks again and again at what does not change takes two steps and no more: what could happen between the
    // others can happen between these.
    auto& p = me();
    const bool again = p.loads >= 1 && p.load_at == where && p.load_order == static_cast<int>(order);
    if (again && p.loads >= 2 && bytes_at(where, bytes) == p.loaded)
        return p.loaded;
    const auto loads = again ? p.loads : 0;
    pause(false);
    let_stores_arrive(where);
    auto value = bytes_at(where, bytes);
    for (unsigned i = 0; i < p.delays; ++i)
        if (p.delayed[i].at == where)
            value = p.delayed[i].value;
    p.loads = loads + 1;
    p.load_at = where;
    p.load_order = static_cast<int>(order);
    p.loaded = value;
    has_seen(value);
    note_access("load", where, value);
    return value;
}

void atomic_store(void* at, unsigned bytes, std::uint64_t value, std::memory_order order) noexcept {
    if (!takes_part(at)) {
        std::memcpy(at, &value, bytes);
        return;
    }
    const auto where = place_of(at);
    pause(false);
    auto& p = me();
    if (order == std::memory_order_seq_cst) {
        drain(p);
        let_stores_arrive(where);
        write(where, bytes, value);
        note_access("store", where, value);
    } else {
        if (p.delays == most_delayed)
            deliver(p, 1);
        p.delayed[p.delays++] = {where, bytes, value};
        note_access("store", where, value, " (on its way)");
    }
}

std::uint64_t atomic_change(void* at, unsigned bytes, change what, std::uint64_t operand) noexcept {
    const auto changed = [&](std::uint64_t was) {
        switch (what) {
        case change::exchange:
            return operand;
        case change::add:
            return was + operand;
        case change::bit_and:
            return was & operand;
        case change::bit_or:
            return was | operand;
        }
        return was;
    };
    if (!takes_part(at)) {
        std::uint64_t was = 0;
        std::memcpy(&was, at, bytes);
        const auto now_there = changed(was);
        std::memcpy(at, &now_there, bytes);
        return was;
    }
    const auto where = place_of(at);
    pause(false);
    drain(me());
    let_stores_arrive(where);
    const auto was = bytes_at(where, bytes);
    const auto mask = bytes == 4 ? std::uint64_t{0xffff'ffff} : ~std::uint64_t{0};
    write(where, bytes, changed(was) & mask);
    has_seen(was);
    note_access("change", where, bytes_at(where, bytes));
    return was;
}

bool atomic_compare_exchange(void* at, unsigned bytes, std::uint64_t& expected, std::uint64_t desired) noexcept {
    if (!takes_part(at)) {
        std::uint64_t was = 0;
        std::memcpy(&was, at, bytes);
        const bool same = was == expected;
        if (same)
            std::memcpy(at, &desired, bytes);
        expected = was;
        return same;
    }
    const auto where = place_of(at);
    pause(false);
    drain(me());
    let_stores_arrive(where);
    const auto was = bytes_at(where, bytes);
    const bool same = was == expected;
    if (same)
        write(where, bytes, desired);
    expected = was;
    has_seen(was);
    note_access(same ? "swap" : "no swap", where, bytes_at(where, bytes));
    return same;
}

// ---------------------------------------------------------------------------------------------------------- programs

void fail(const std::string& why) {
    const on_the_heap guard;
    why_wrong = why;
    note("WRONG: %s", why.c_str());
    end_run(verdict::wrong);
}

void step() {
    pause(false);
}

unsigned any_of(unsigned n) {
    w.tag = 3;
    const auto c = n > 1 ? w.chance->choose(n, {}) : 0;
    if (w.current < most_processes)
        has_seen(c);
    return c;
}

void poll(deadline until) {
    step_outside("poll");
    drain_stores();
    if (is_signalled(w.current) || until.steady_ns() <= w.time)
        return;
    me().is = condition::polling;
    me().wake_at = until.steady_ns();
    leave();
}

bool poll_edges(deadline until) {
    me().polls_edges = true;
    poll(until);
    bool only_the_bell = false;
    bool others = false;
    for (auto& b : w.bells)
        if (b.exists && b.open && b.owner == w.current) {
            only_the_bell = only_the_bell || std::exchange(b.edge, false);
            others = others || others_ring(b);
        }
    has_seen((only_the_bell ? 1u : 0u) | (others ? 2u : 0u));
    return only_the_bell && !others;
}

unsigned current_process() {
    return w.current;
}
bool is_dead(unsigned p) {
    return w.processes[p].is == condition::dead;
}
bool is_known_dead(unsigned p) {
    return is_dead(p) && !w.processes[p].lingers;
}
bool is_finished(unsigned p) {
    return w.processes[p].is == condition::finished;
}
bool is_stopped(unsigned p) {
    return w.processes[p].stopped;
}
std::int64_t start_of_time() {
    return the_start;
}

void expect_recheck() {
    w.rechecks = std::max(w.rechecks, 1u);
}

void kill_before(unsigned p) {
    die(p);
}

void share_name(unsigned p, unsigned first) {
    w.processes[p].name = w.processes[first].name;
}

bool have_one_name(unsigned p, unsigned q) {
    return w.processes[p].name == w.processes[q].name;
}

detail::owner_token token_of(unsigned p) {
    return token_for(w.processes[p].name);
}

detail::owner_token onlooker() {
    return token_for(most_processes);
}

void fix(place first, place end) {
    w.fixed_first = first;
    w.fixed_end = end;
}

// ----------------------------------------------------------------------------------------------------------- backend

void step_outside(const char* what) {
    if (w.quiet)
        return;
    pause(true);
    note("%s", what);
}

void saw(std::uint64_t result) {
    if (w.quiet)
        return;
    has_seen(result);
    note("  -> %llx", static_cast<unsigned long long>(result));
}

void drain_stores() {
    if (!w.quiet)
        drain(me());
}

std::uint32_t current_value(place at) {
    if (!w.quiet)
        let_stores_arrive(at);
    return static_cast<std::uint32_t>(bytes_at(at, 4));
}

void fall_asleep(place word, std::int64_t until) {
    if (w.quiet)
        fail("somebody sleeps before the run begins");
    me().is = condition::asleep;
    me().word = word;
    me().wake_at = until;
    leave();
}

unsigned wake(place word, bool all) {
    unsigned found = 0;
    unsigned sleepers[most_processes]{};
    for (unsigned i = 0; i < w.count; ++i)
        if (w.processes[i].is == condition::asleep && w.processes[i].word == word)
            sleepers[found++] = i;
    if (found == 0)
        return 0;
    if (all) {
        for (unsigned i = 0; i < found; ++i)
            w.processes[sleepers[i]].is = condition::runnable;
        return found;
    }
    const auto whom = sleepers[any_of(found)];
    note("  P%u is woken", whom);
    w.processes[whom].is = condition::runnable;
    return 1;
}

void make_pollers_look(unsigned p) {
    if (w.processes[p].is == condition::polling && is_signalled(p))
        w.processes[p].is = condition::runnable;
}

std::int64_t now() {
    if (!w.quiet)
        has_seen(static_cast<std::uint64_t>(w.time));
    return w.time;
}

bool deaths_are_unheard() {
    return w.allowed.unheard;
}

bool refuses(const char* what) {
    if (w.quiet || w.used.refusals >= w.allowed.refusals || any_of(2) == 0)
        return false;
    ++w.used.refusals;
    note("  the system refuses to %s", what);
    return true;
}

void tell_of_departure(unsigned i) {
    if (!w.allowed.departures)
        return;
    for (auto& b : w.bells)
        if (b.exists && b.open && (b.regions & 1u << i) != 0) {
            b.departure = true;
            make_pollers_look(b.owner);
        }
}

bool is_unreachable() {
    return w.allowed.unreachable;
}

bell_state* bells() {
    return w.bells;
}
region_state* regions() {
    return w.regions;
}

std::uint64_t next_random() {
    return mix(w.randoms++, 0x5eed);
}

// -------------------------------------------------------------------------------------------------------------- runs

void make_world() {
    image::find();
    host_image.save();
    make_memory();
    for (unsigned i = 0; i < most_processes; ++i) {
        auto& f = fibers[i];
        f.stack = static_cast<std::byte*>(std::malloc(stack_bytes));
        ::getcontext(&f.birth);
        f.birth.uc_stack.ss_sp = f.stack;
        f.birth.uc_stack.ss_size = stack_bytes;
        f.birth.uc_link = nullptr;
        ::makecontext(&f.birth, reinterpret_cast<void (*)()>(be_a_fiber), 1, i);
        ::swapcontext(&birth_place, &f.birth);
    }
}

namespace {

[[noreturn]] void conduct(scenario& (*make)(void*), void* context) {
    allocate_for(judge);
    w.story = &make(context);
    const unsigned programs = w.story->processes();
    w.count = programs + (w.story->has_epilogue() ? 1 : 0);
    for (unsigned i = 0; i < w.count; ++i)
        w.processes[i].is = condition::runnable;
    for (unsigned i = 0; i < w.count; ++i) {
        images[i].reset();
        images[i].restore();
        w.current = i;
        allocate_for(i);
        try {
            w.story->set_up(i);
        } catch (const std::exception& e) {
            fail(std::string("cannot be set up: ") + e.what());
        }
        images[i].save();
    }
    if (w.count > programs)
        w.processes[programs].is = condition::absent;
    w.current = host;
    w.quiet = false;
    leave();
    std::abort();
}

} // namespace

verdict run(scenario& (*make)(void* context), void* context, const limits& l, chooser& c, bool log) {
    clear_memory();
    w = world_state{};
    w.allowed = l;
    w.used = {.preemptions = 0};
    w.used.unreachable = l.unreachable;
    w.chance = &c;
    w.log = log;
    w.time = the_start;
    w.horizon = the_start + for_deadlines;
    for (unsigned i = 0; i < most_processes; ++i)
        w.processes[i].name = i;
    if (::_setjmp(host_context) == 0)
        conduct(make, context);
    host_image.restore();
    allocate_for(host);
    w.current = host;
    return w.result;
}

const std::string& report() {
    return why_wrong;
}

void abandon() {
    end_run(verdict::abandoned);
}

std::uint64_t steps_so_far() {
    return w.steps;
}

std::uint64_t state_now() {
    auto h = mix(w.memory, w.tag);
    h = mix(h, w.used.preemptions);
    h = mix(h, w.current | w.used.kills << 8 | w.used.stops << 12 | w.used.spurious << 16 | w.used.late << 20 |
                   std::uint64_t{w.rechecks} << 24 | std::uint64_t{w.epilogue} << 28 |
                   std::uint64_t{w.used.refusals} << 32);
    h = mix(h, static_cast<std::uint64_t>(w.time));
    h = mix(h, static_cast<std::uint64_t>(w.horizon));
    for (unsigned i = 0; i < w.count; ++i) {
        const auto& p = w.processes[i];
        h = mix(h, p.history);
        h = mix(h, static_cast<unsigned>(p.is) | (p.stopped ? 16u : 0u) | (p.started ? 32u : 0u) |
                       (p.lingers ? 64u : 0u) | p.delays << 8);
        if (p.is == condition::asleep || p.is == condition::polling)
            h = mix(h, static_cast<std::uint64_t>(p.wake_at) ^ p.word);
        for (unsigned k = 0; k < p.delays; ++k)
            h = mix(h, p.delayed[k].value ^ std::uint64_t{p.delayed[k].at} << 40);
    }
    for (const auto& b : w.bells)
        if (b.exists) {
            std::uint64_t mourned = 0;
            for (auto m : b.mourns)
                mourned = mourned << 4 | m;
            h = mix(h, mourned << 16 | b.owner << 12 | b.regions << 8 | (b.open ? 1u : 0u) | (b.rung ? 2u : 0u) |
                           (b.region_rung ? 4u : 0u) | (b.death ? 8u : 0u) |
                           (b.departure ? std::uint64_t{1} << 61 : 0u) | (b.edge ? std::uint64_t{1} << 60 : 0u));
        }
    h = mix(h, w.story->state());
    const auto plain = w.story->plain();
    for (std::size_t i = 0; i + 8 <= plain.size(); i += 8) {
        std::uint64_t value = 0;
        std::memcpy(&value, plain.data() + i, 8);
        h = mix(h, value);
    }
    return h;
}

} // namespace crosswake::sim
