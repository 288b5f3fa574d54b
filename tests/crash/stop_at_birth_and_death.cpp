// A process stopped at any instruction while it creates, opens or leaves an object, or clears away a dead one. Others
// come to the same name meanwhile, and afterwards. Nobody is kept waiting for ever, and the name stands for one whole
// object or for none.
#include <crash/marked.hpp>

#include <support/child.hpp>
#include <support/in_time.hpp>
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/refusal.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/stepped_child.hpp>

#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

enum class act : unsigned char { sweep, open, create, open_or_create };
enum class before : unsigned char { nothing, a_living_one, one_that_leaves, a_dead_one };
/// When the others have come, and before the stopped one goes on.
enum class then : unsigned char { they_stay, they_leave, the_next_one_dies };

constexpr const char* names_of_acts[] = {"sweep", "open_only", "create_only", "open_or_create"};
constexpr const char* names_of_what_is_next[] = {"they stay", "they leave", "the next one dies"};
constexpr const char* names_of_what_was_there[] = {"nothing", "a living one", "one that leaves", "a dead one"};

namespace mark_of {
constexpr std::uint64_t nobody = 0;
constexpr std::uint64_t the_actor = 1;
constexpr std::uint64_t the_living = 2;
constexpr std::uint64_t the_dead = 3;
constexpr std::uint64_t a_creator = 4;
constexpr std::uint64_t who_opens_or_creates = 5;
constexpr std::uint64_t who_dies_meanwhile = 6;
constexpr std::uint64_t the_last = 7;
constexpr std::uint64_t half_made = 8; // what is not whole has no mark
} // namespace mark_of

std::uint64_t look_at(const marked& m) {
    return m.is_whole() ? m.mark : mark_of::half_made;
}

/// The actor's.
struct notes {
    std::atomic<std::uint64_t> has{mark_of::nobody}; // open, now
    std::atomic<std::uint64_t> got{mark_of::nobody}; // and may have left it
};

/// What a creator stores before nobody else can see. (Before that it has swept, as those do who only sweep.)
struct begins_when_it_is_constructed {
    operator std::uint64_t() const { // NOLINT(google-explicit-constructor)
        static bool has_begun = false;
        if (!std::exchange(has_begun, true))
            stepped_child::begin();
        return mark_of::the_actor;
    }
};

template <class Mark>
void come_and_go(const std::string& name, entrance how, const Mark& mark, notes& n) {
    const auto m = come(name, how, mark);
    n.got.store(look_at(*m));
    n.has.store(look_at(*m));
    n.has.store(mark_of::nobody);
}

} // namespace

// args: which act, name, notes.
CROSSWAKE_ROLE(act) {
    const named<notes> n{open_only, args[2]};
    try {
        switch (static_cast<act>(std::stoul(args[0]))) {
        case act::sweep:
            stepped_child::begin();
            sweep();
            break;
        case act::open:
            stepped_child::begin();
            come_and_go(args[1], entrance::open, mark_of::the_actor, *n);
            break;
        case act::create:
            come_and_go(args[1], entrance::create, begins_when_it_is_constructed(), *n);
            break;
        case act::open_or_create:
            come_and_go(args[1], entrance::open_or_create, begins_when_it_is_constructed(), *n);
            break;
        }
    } catch (const std::system_error& e) {
        if (e.code() != errc::not_found && e.code() != errc::already_exists)
            throw;
    }
    stepped_child::end();
    return 0;
}

// args: name, mark.
CROSSWAKE_ROLE(come_and_die) {
    const auto m = come(args[0], entrance::open_or_create, std::stoull(args[1]));
    child::kill_myself();
}

namespace {

/// Of one act, with one thing there before: what docs/reliability.md tells of.
struct tally {
    std::size_t stops = 0;
    std::size_t found = 0;         // of these: the others found a living object
    std::size_t made = 0;          // they made one
    std::size_t busy = 0;          // they were told to come later, since the actor was about to remove a dead one
    std::size_t stuck = 0;         // somebody did not come back
    std::size_t half_made = 0;     // somebody got an object that was not whole
    std::size_t two_of_a_name = 0; // two had different ones at the same time
    std::size_t raised = 0;        // somebody got one after all had left it, or died
    std::size_t refused = 0;       // somebody got none, without a reason
    std::size_t left_behind = 0;   // all had left, and there still was one

    [[nodiscard]] bool is_clean() const {
        return stuck + half_made + two_of_a_name + raised + refused + left_behind == 0;
    }
};

void count(std::size_t& column, bool it_is_so) {
    column += it_is_so ? 1u : 0u;
}

/// Somebody else who comes.
struct guest {
    std::optional<named<marked>> object;
    std::error_code refused;

    [[nodiscard]] std::uint64_t mark() const { return object ? look_at(**object) : mark_of::nobody; }
    [[nodiscard]] bool is_told_to_come_later() const { return refused == std::errc::device_or_resource_busy; }
};

/// In a thread of its own, since it may be kept waiting.
std::future<guest> invite(const std::string& name, entrance how, std::uint64_t mark) {
    return std::async(std::launch::async, [=] {
        guest g;
        g.refused = error_of([&] { g.object.emplace(come(name, how, mark)); });
        return g;
    });
}

guest receive(std::future<guest>& one, tally& t) {
    if (one.wait_for(stuck_after) != std::future_status::ready) {
        ++t.stuck;
        return {{}, std::make_error_code(std::errc::timed_out)};
    }
    auto g = one.get();
    count(t.half_made, g.mark() == mark_of::half_made);
    count(t.raised, g.mark() == mark_of::the_dead);
    return g;
}

/// One actor, stopped in one place; and those who come to its name.
class play {
    const before there_;
    const std::string name_ = fresh_name();
    const named<notes> notes_{create_only, fresh_name("notes")};
    std::optional<named<marked>> living_;
    std::future<guest> creating_;
    std::future<guest> entering_;
    guest opened_;
    guest creator_;
    guest entered_;
    std::uint64_t actor_has_ = mark_of::nobody;
    bool has_gone_ = false; // the living one; nor has the actor kept it
    bool is_being_removed_ = false;
    stepped_child actor_; // and the first to go: who is kept waiting may wait for it

public:
    play(act what, before there)
        : there_(there), actor_("act", {std::to_string(static_cast<int>(what)), name_, notes_.name()}) {
        if (there == before::a_living_one || there == before::one_that_leaves)
            living_.emplace(create_only, name_, mark_of::the_living);
        if (there == before::a_dead_one)
            child{"come_and_die", {name_, std::to_string(mark_of::the_dead)}}.wait();
    }

    /// false: it is over.
    bool step() { return actor_.next() != stepped_child::step::over; }

    /// And somebody comes to open.
    void stop(tally& t) {
        actor_.stop();
        ++t.stops;
        actor_has_ = notes_->has.load();
        notes_->got.store(mark_of::nobody);
        if (there_ == before::one_that_leaves)
            living_.reset();
        auto opening = invite(name_, entrance::open, mark_of::nobody);
        opened_ = receive(opening, t);
        has_gone_ = !living_ && opened_.mark() != mark_of::the_living;
        is_being_removed_ = !opened_.object && raw_object::exists(name_);
        if (t.stuck != 0)
            actor_.kill(); // who waits may go
    }
    /// The actor is about to: nobody lives there, and who wants to create is kept waiting for a while.
    [[nodiscard]] bool is_being_removed() const { return is_being_removed_; }

    void others_come() {
        creating_ = invite(name_, entrance::create, mark_of::a_creator);
        entering_ = invite(name_, entrance::open_or_create, mark_of::who_opens_or_creates);
    }
    void until_all_are_back(tally& t) {
        creator_ = receive(creating_, t);
        entered_ = receive(entering_, t);
        if (t.stuck == 0)
            count_guests(t);
    }
    /// The actor, and it comes to its end.
    void go_on(then next, tally& t) {
        if (t.stuck != 0)
            return;
        if (next != then::they_stay)
            for (auto* one : {&opened_, &creator_, &entered_})
                one->object.reset();
        const bool another_dies = next == then::the_next_one_dies && !entered_.is_told_to_come_later();
        if (another_dies)
            count(t.refused, child{"come_and_die", {name_, std::to_string(mark_of::who_dies_meanwhile)}}.wait() >= 0);

        const auto lives = living_ ? mark_of::the_living : entered_.mark();
        actor_.resume();
        count(t.refused, actor_.wait() != 0);
        const auto got = notes_->got.load();
        count(t.half_made, got == mark_of::half_made);
        count(t.raised, got == mark_of::the_dead || (got == mark_of::the_living && has_gone_));
        count(t.two_of_a_name, lives != mark_of::nobody && got != mark_of::nobody && got != lives);
        count(t.left_behind, lives == mark_of::nobody && !another_dies && raw_object::exists(name_));

        auto coming = invite(name_, entrance::open_or_create, mark_of::the_last);
        auto last = receive(coming, t);
        count(t.refused, !last.object);
        count(t.two_of_a_name, last.mark() != (lives != mark_of::nobody ? lives : mark_of::the_last));
        living_.reset();
        for (auto* one : {&opened_, &creator_, &entered_, &last})
            one->object.reset();
        count(t.left_behind, raw_object::exists(name_));
    }

private:
    void count_guests(tally& t) const {
        const auto there = opened_.mark();
        if (living_ || actor_has_ != mark_of::nobody)
            count(t.two_of_a_name, there != (living_ ? mark_of::the_living : actor_has_));
        if (there != mark_of::nobody) {
            ++t.found;
            count(t.two_of_a_name, creator_.refused != errc::already_exists || entered_.mark() != there);
            return;
        }
        count(t.refused, opened_.refused != errc::not_found);
        if (creator_.is_told_to_come_later()) {
            ++t.busy;
            count(t.refused, !is_being_removed_ || !entered_.is_told_to_come_later());
            return;
        }
        ++t.made;
        count(t.refused, !entered_.object || (!creator_.object && creator_.refused != errc::already_exists));
        count(t.two_of_a_name,
              entered_.mark() != (creator_.object ? mark_of::a_creator : mark_of::who_opens_or_creates));
    }
};

} // namespace

TEST_CASE("whoever is stopped while it creates, opens or leaves an object, or removes a dead one, is in nobody's way") {
    const auto stride = knob("CROSSWAKE_TEST_LANDMARK_STRIDE", 1);
    auto random = generator();
    std::printf("| it | there is | stops | others: found one | made one | busy | stuck | half made | two of a name | "
                "raised | refused | left behind |\n");
    for (const auto what : {act::sweep, act::open, act::create, act::open_or_create})
        for (const auto there : {before::nothing, before::a_living_one, before::one_that_leaves, before::a_dead_one}) {
            const std::string it = names_of_acts[static_cast<int>(what)];
            const std::string is_there = names_of_what_was_there[static_cast<int>(there)];
            CAPTURE(it);
            CAPTURE(is_there);
            std::string where;
            CAPTURE(where);
            tally t;
            // To be told that a name is busy takes a second: those who wait for that wait together, when nothing else
            // is played. But who sweeps looks at the others' names, too.
            using stopped = std::vector<std::pair<std::unique_ptr<play>, then>>;
            stopped to_be_finished;
            stopped to_be_finished_later;
            const auto finish = [&t](stopped& some) {
                for (const auto& [p, next] : some)
                    p->others_come();
                for (const auto& [p, next] : some)
                    p->until_all_are_back(t);
                for (const auto& [p, next] : some)
                    p->go_on(next, t);
                some.clear();
            };
            const auto stop_after = [&](std::size_t landmarks, then next) {
                if (!t.is_clean())
                    return false;
                where = std::to_string(landmarks) + " landmarks, " + names_of_what_is_next[static_cast<int>(next)];
                auto p = std::make_unique<play>(what, there);
                bool goes_on = true;
                for (std::size_t i = 0; i < landmarks && goes_on; ++i)
                    goes_on = p->step();
                p->stop(t);
                const bool takes_long = p->is_being_removed() && what != act::sweep;
                (takes_long ? to_be_finished_later : to_be_finished).emplace_back(std::move(p), next);
                finish(to_be_finished);
                return goes_on;
            };
            bool goes_on = true;
            for (auto n = random() % stride; goes_on; n += stride)
                for (const auto next : {then::they_stay, then::they_leave, then::the_next_one_dies})
                    if (what != act::sweep || next == then(n % 3))
                        goes_on = stop_after(n, next) && goes_on;
            finish(to_be_finished_later);
            std::printf("| %s | %s | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n", it.c_str(),
                        is_there.c_str(), t.stops, t.found, t.made, t.busy, t.stuck, t.half_made, t.two_of_a_name,
                        t.raised, t.refused, t.left_behind);
            std::fflush(stdout);
            REQUIRE(t.stuck == 0);
            REQUIRE(t.half_made == 0);
            REQUIRE(t.two_of_a_name == 0);
            REQUIRE(t.raised == 0);
            REQUIRE(t.refused == 0);
            REQUIRE(t.left_behind == 0);
        }
}
