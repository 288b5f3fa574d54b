// The world of the simulation: a few processes on one thread, and everything that can befall them.
//
// Each process is one fiber with variables of its own (image.hpp). Before each access to shared memory and each call of
// the backend it takes a step: the world then decides, by asking a chooser, whether it goes on, another one runs
// instead, one is killed, or one is stopped. It decides also when a delayed store becomes visible, which of several
// sleepers is woken, what time it is, and what a program left to chance. A run is the sequence of these choices, and
// the same choices make the same run.
//
//     process: runnable -> asleep, polling -> runnable; -> finished; any of them -> dead; stopped beside any of them
//
// When nobody can go on, the clock moves to the next moment that somebody waits for, but not past the horizon: without
// a fault nobody may need to look up. After a kill, and while somebody is stopped, the horizon lies behind the next
// look at owners and the re-check after that, once; where departures are heard, behind the look at owners. Then whoever
// is stopped goes on; then a fresh process comes, if there is one; then it is over.
#pragma once

#include <sim/memory.hpp>

#include <backend/bell.hpp>
#include <crosswake/detail/owner.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace crosswake::sim {

/// Preemptions without a limit: every interleaving there is.
inline constexpr unsigned any_number = ~0u;

/// How much may happen in one run.
struct limits {
    unsigned preemptions = 2;
    unsigned kills = 0;
    unsigned stops = 0;       // stopped when all others have come to rest and waited for the re-check, then continued
    bool helped = false;      // instead of the re-check, the epilogue comes while somebody is stopped
    unsigned spurious = 0;    // wake-ups of somebody whom nobody woke
    unsigned late = 0;        // times that the clock jumps to a deadline under a running process
    unsigned refusals = 0;    // bells that the system does not let a ringer open, or rings that it refuses
    bool unreachable = false; // peers cannot reach each other's bells, and ring through the region
    bool unheard = false;     // nobody can listen for a certain process's death
    bool departures = false;  // whoever listens to a region hears who leaves it: the look at owners has to be enough
};

enum class act : unsigned char { go_on, run, kill, stop, other };

/// Who decides.
class chooser {
public:
    /// One of n. `acts` says what they are about, for a chooser that has preferences; empty: all alike.
    virtual unsigned choose(unsigned n, std::span<const act> acts) = 0;

protected:
    ~chooser() = default;
};

/// What processes do, and what must hold. One object for each run.
class scenario {
public:
    virtual ~scenario() = default;
    [[nodiscard]] virtual unsigned processes() const = 0;
    /// In this process, before anything else happens; nobody interferes.
    virtual void set_up(unsigned process) = 0;
    /// The program of this process.
    virtual void run(unsigned process) = 0;
    /// After each step. Calls fail() if something is wrong.
    virtual void look() {}
    /// Nobody moves any more and nothing will happen any more. `late`: while somebody is stopped.
    virtual void judge(bool while_stopped) = 0;
    /// One more process that comes when all have come to rest; none unless true.
    [[nodiscard]] virtual bool has_epilogue() const { return false; }
    /// What distinguishes states beside memory and what the processes have seen.
    [[nodiscard]] virtual std::uint64_t state() const { return 0; }
    /// The bytes that are written without atomics.
    [[nodiscard]] virtual std::span<const std::byte> plain() const { return {}; }
    virtual std::string name_of(place /*at*/) const { return {}; }
};

enum class verdict : unsigned char {
    right,
    wrong,     // and report() says why
    abandoned, // by the chooser
};

/// Once, at the beginning of the program.
void make_world();
/// One run. `log`: each step is printed.
verdict run(scenario& (*make)(void* context), void* context, const limits& l, chooser& c, bool log);
[[nodiscard]] const std::string& report();
/// A number for everything that the rest of the run depends on.
[[nodiscard]] std::uint64_t state_now();
/// Ends the run, by the chooser: what would come was seen before.
[[noreturn]] void abandon();
[[nodiscard]] std::uint64_t steps_so_far();

// --- For programs and scenarios

/// Ends the run as wrong.
[[noreturn]] void fail(const std::string& why);
/// A step of its own, in the middle of a program: something may happen here.
void step();
/// Something that is left to chance.
unsigned any_of(unsigned n);
/// Until the bell of the process sounds, or until the deadline.
void poll(deadline until);
/// The same for a loop that goes by edges: until it rings anew. true: it was the bell proper, and nothing else.
bool poll_edges(deadline until);
[[nodiscard]] unsigned current_process();
[[nodiscard]] bool is_dead(unsigned process);
[[nodiscard]] bool is_finished(unsigned process);
[[nodiscard]] bool is_stopped(unsigned process);
[[nodiscard]] std::int64_t start_of_time();
/// What looks at owners, and what looks at everything, is to be set to: users' deadlines are nearer than either.
inline constexpr std::int64_t owner_check_ns = 60'000'000;
inline constexpr std::int64_t recheck_ns = 120'000'000;
/// Something happened that only the re-check notices, as after a kill.
void expect_recheck();
/// For set_up: this one dies before the run begins. If it shares a name, its process has run another program.
void kill_before(unsigned process);
/// For set_up, before anybody asks for a name: `process` has the name of `first` too. They are threads of one process,
/// which are killed and stopped together, or programs that it runs one after the other. Variables they do not share.
void share_name(unsigned process, unsigned first);
[[nodiscard]] bool have_one_name(unsigned p, unsigned q);
detail::owner_token token_of(unsigned process);
/// Somebody who lives throughout and takes no part: to ask after him is no step.
detail::owner_token onlooker();
/// For set_up: nobody writes from here to there in this run, so that to look there is no step.
void fix(place first, place end);
/// Where the memory of one process is for the judge, who takes no steps.
template <class T>
T& judged(T& object) {
    return *reinterpret_cast<T*>(address_of(place_of(&object), judge));
}

// --- For the backend

/// Before a call that others can notice, or that notices others: those may be killed here as well.
void step_outside(const char* what);
/// What the call came to; the process has seen it.
void saw(std::uint64_t result);
void drain_stores();
std::uint32_t current_value(place at);

struct woken_up {
    bool by_somebody = false;
};
void fall_asleep(place word, std::int64_t until);
unsigned wake(place word, bool all);
void make_pollers_look(unsigned process);
[[nodiscard]] std::int64_t now();
[[nodiscard]] bool is_unreachable();
[[nodiscard]] bool deaths_are_unheard();
/// Dead, and the system is through with it: where departures are told, these are before that, by a moment.
[[nodiscard]] bool is_known_dead(unsigned process);
/// Whether the system refuses what the current process asks for just now.
[[nodiscard]] bool refuses(const char* what);
/// A process has let go of region i.
void tell_of_departure(unsigned i);

inline constexpr unsigned most_bells = 16;
struct bell_state {
    bool exists = false;
    bool open = false;
    bool rung = false;
    bool edge = false; // it has rung since a loop that goes by edges looked
    bool region_rung = false;
    bool death = false;
    bool departure = false;
    unsigned owner = 0;
    place mailbox = 0;
    unsigned regions = 0;              // bit i: listens to region i
    unsigned mourns[most_processes]{}; // how often it listens for that one's death
};
inline constexpr unsigned most_regions = 4;
struct region_state {
    bool exists = false;
    bool named = false;
    char name[32]{};
    place at = 0;
    std::size_t bytes = 0;
    std::size_t zeros = 0; // from the start
    unsigned mapped[most_processes]{};
};
bell_state* bells();
region_state* regions();
std::uint64_t next_random();

} // namespace crosswake::sim
