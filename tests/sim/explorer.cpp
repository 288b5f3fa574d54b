#include <sim/explorer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string_view>

namespace crosswake::sim {
namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
}

/// Numbers of states, and nothing else.
class state_set {
public:
    /// false: it was there.
    bool add(std::uint64_t state) {
        if (count_ * 2 >= slots_.size())
            grow();
        return put(state == 0 ? 1 : state);
    }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    bool put(std::uint64_t state) {
        auto i = static_cast<std::size_t>(state) & (slots_.size() - 1);
        for (; slots_[i] != 0; i = (i + 1) & (slots_.size() - 1))
            if (slots_[i] == state)
                return false;
        slots_[i] = state;
        ++count_;
        return true;
    }
    void grow() {
        auto old = std::move(slots_);
        slots_.assign(old.empty() ? 1u << 16 : old.size() * 2, 0);
        count_ = 0;
        for (const auto state : old)
            if (state != 0)
                put(state);
    }

    std::vector<std::uint64_t> slots_;
    std::size_t count_ = 0;
};

/// The choices of one run, as text: a digit each, and no zeros at the end.
std::string written(const std::vector<unsigned>& choices) {
    std::string text;
    for (const auto c : choices)
        text += static_cast<char>(c < 10 ? '0' + c : 'a' + (c - 10));
    text.erase(text.find_last_not_of('0') + 1);
    return text.empty() ? "0" : text;
}

class every_choice final : public chooser {
public:
    explicit every_choice(bool twice) : twice_(twice) {}
    void begin() { at_ = 0; }
    /// false: that was the last.
    bool next() {
        while (!path_.empty() && path_.back().chosen + 1 == path_.back().of)
            path_.pop_back();
        if (path_.empty())
            return false;
        ++path_.back().chosen;
        return true;
    }
    unsigned choose(unsigned n, std::span<const act>) override {
        if (at_ == path_.size()) {
            const on_the_heap guard;
            if (!seen_.add(state_now()) && !twice_)
                abandon();
            path_.push_back({0, n});
        }
        if (path_[at_].of != n)
            fail("the same choices have made another run: the simulation itself is wrong");
        return path_[at_++].chosen;
    }
    [[nodiscard]] std::vector<unsigned> choices() const {
        std::vector<unsigned> all;
        for (std::size_t i = 0; i < at_; ++i)
            all.push_back(path_[i].chosen);
        return all;
    }
    [[nodiscard]] std::size_t states() const { return seen_.size(); }

private:
    struct fork {
        unsigned chosen = 0;
        unsigned of = 0;
    };
    bool twice_;
    std::vector<fork> path_;
    std::size_t at_ = 0;
    state_set seen_;
};

class random_choice final : public chooser {
public:
    explicit random_choice(std::uint64_t seed) : random_(seed) {
        static constexpr unsigned rates[] = {2, 4, 16, 64};
        switch_one_in_ = rates[random_() % 4];
    }
    unsigned choose(unsigned n, std::span<const act> acts) override {
        const auto c = acts.empty() ? static_cast<unsigned>(random_() % n) : choose_act(acts);
        const on_the_heap guard;
        choices_.push_back(c);
        return c;
    }
    [[nodiscard]] const std::vector<unsigned>& choices() const { return choices_; }

private:
    unsigned choose_act(std::span<const act> acts) {
        const bool can_go_on = acts[0] == act::go_on;
        if (can_go_on && random_() % switch_one_in_ != 0)
            return 0;
        const bool fault = random_() % 32 == 0;
        for (int tries = 0; tries < 8; ++tries) {
            const auto c = static_cast<unsigned>(random_() % acts.size());
            if (fault == (acts[c] == act::kill || acts[c] == act::stop) && !(can_go_on && c == 0))
                return c;
        }
        return 0;
    }

    std::mt19937_64 random_;
    unsigned switch_one_in_ = 2;
    std::vector<unsigned> choices_;
};

class replayed_choice final : public chooser {
public:
    explicit replayed_choice(std::string trace) : trace_(std::move(trace)) {}
    unsigned choose(unsigned n, std::span<const act>) override {
        const char digit = at_ < trace_.size() ? trace_[at_++] : '0';
        const auto c = static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        return c < n ? c : 0;
    }

private:
    std::string trace_;
    std::size_t at_ = 0;
};

std::string setting(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? "" : text;
}

scenario& make(void* context) {
    return *static_cast<const plan*>(context)->make();
}

verdict run_once(const plan& p, chooser& c, bool log) {
    return run(make, const_cast<plan*>(&p), p.allowed, c, log);
}

void replay(const plan& p, const std::string& trace) {
    replayed_choice c(trace);
    if (run_once(p, c, true) == verdict::wrong)
        std::printf("%s: %s\n", p.name.c_str(), report().c_str());
}

bool found_wrong(const plan& p, const std::vector<unsigned>& choices) {
    const auto trace = written(choices);
    const auto why = report();
    std::printf("%s: WRONG: %s\n\n", p.name.c_str(), why.c_str());
    replay(p, trace);
    std::printf("\nTo see this run again: CROSSWAKE_MODEL_ONLY='%s' CROSSWAKE_MODEL_DEEPER=%s "
                "CROSSWAKE_MODEL_TRACE=%s\n",
                p.name.c_str(), setting("CROSSWAKE_MODEL_DEEPER").c_str(), trace.c_str());
    return false;
}

std::string written_bound(unsigned preemptions) {
    return (preemptions == any_number ? "all" : std::to_string(preemptions)) + " preemptions";
}

void print(const plan& p, std::size_t runs, std::size_t states, std::uint64_t steps, clock::time_point start) {
    std::string bounds = written_bound(p.allowed.preemptions);
    const auto add = [&bounds](unsigned n, const char* what) {
        if (n != 0)
            bounds += ", " + std::to_string(n) + ' ' + what;
    };
    add(p.allowed.kills, "kills");
    add(p.allowed.stops, p.allowed.helped ? "stops, helped" : "stops");
    add(p.allowed.spurious, "spurious");
    add(p.allowed.late, "late");
    add(p.allowed.refusals, "refusals");
    std::printf("%-52s %-36s %9zu runs %9zu states %11llu steps %6.1f s\n", p.name.c_str(),
                p.all ? bounds.c_str() : "random", runs, states, static_cast<unsigned long long>(steps),
                seconds_since(start));
    std::fflush(stdout);
}

/// How many of the plans go how deep.
void print_depths(const std::vector<plan>& plans) {
    std::map<unsigned, unsigned, std::greater<>> with; // how many preemptions: how many plans
    std::size_t random = 0;
    for (const auto& p : plans)
        if (p.all)
            ++with[p.allowed.preemptions];
        else
            ++random;
    std::printf("%zu plans: ", plans.size());
    for (const auto& [preemptions, n] : with)
        std::printf("%u with %s, ", n, written_bound(preemptions).c_str());
    std::printf("%zu random\n", random);
}

bool explore_all(const plan& p) {
    const auto start = clock::now();
    every_choice c(!setting("CROSSWAKE_MODEL_TWICE").empty());
    std::size_t runs = 0;
    std::uint64_t steps = 0;
    do {
        c.begin();
        const auto v = run_once(p, c, false);
        ++runs;
        steps += steps_so_far();
        if (v == verdict::wrong)
            return found_wrong(p, c.choices());
    } while (c.next());
    print(p, runs, c.states(), steps, start);
    return true;
}

bool explore_some(const plan& p, std::uint64_t seed, double seconds) {
    const auto start = clock::now();
    std::size_t runs = 0;
    std::uint64_t steps = 0;
    while (seconds_since(start) < seconds) {
        random_choice c(seed + runs);
        const auto v = run_once(p, c, false);
        ++runs;
        steps += steps_so_far();
        if (v == verdict::wrong)
            return found_wrong(p, c.choices());
    }
    print(p, runs, 0, steps, start);
    return true;
}

} // namespace

int explore(const std::vector<plan>& plans) {
    make_world();
    const auto only = setting("CROSSWAKE_MODEL_ONLY");
    const auto trace = setting("CROSSWAKE_MODEL_TRACE");
    const auto deeper = static_cast<unsigned>(std::atoi(setting("CROSSWAKE_MODEL_DEEPER").c_str()));
    const auto time = setting("CROSSWAKE_MODEL_SECONDS");
    const double seconds = time.empty() ? 1.0 : std::atof(time.c_str());
    const auto given = setting("CROSSWAKE_TEST_SEED");
    const std::uint64_t seed = given.empty() ? std::random_device{}() : std::strtoull(given.c_str(), nullptr, 10);
    std::printf("CROSSWAKE_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));

    bool right = true;
    std::vector<plan> explored;
    const bool is_a_name = std::any_of(plans.begin(), plans.end(), [&](const plan& p) { return p.name == only; });
    for (auto p : plans) {
        if (!only.empty() && (is_a_name ? p.name != only : p.name.find(only) == std::string::npos))
            continue;
        p.allowed.preemptions += p.deepens && p.allowed.preemptions != any_number ? deeper : 0;
        if (!p.all)
            p.allowed.preemptions = any_number;
        if (!trace.empty()) {
            replay(p, trace);
            continue;
        }
        right = (p.all ? explore_all(p) : explore_some(p, seed, seconds)) && right;
        explored.push_back(std::move(p));
    }
    if (!explored.empty())
        print_depths(explored);
    return right ? 0 : 1;
}

} // namespace crosswake::sim
