// What happens on the board: the play of one scene, up to where the caller cuts the actor short, and after.
#pragma once

#include <crash/scenes.hpp>

#include <support/seed.hpp>
#include <support/stepped_child.hpp>
#include <support/system.hpp>

#include <backend/process.hpp>
#include <core/segment.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace crosswake::test {

/// The play of one scene, with fresh scenery: the one who acts is stepped, and cut short by the caller.
class play {
    const scene& what_;
    bool actor_awaits_;
    const char* way_;
    std::string name_;
    named<board> board_;
    named<message_queue> post_;

public:
    survivors s;

    play(const scene& what, const char* way_of_actor, const char* way_of_bystanders)
        : what_(what), actor_awaits_(std::string_view(way_of_actor) == "awaits"), way_(way_of_bystanders),
          name_(fresh_name()), board_(create_only, name_),
          post_(create_only, post_of(name_), post_bytes, letters_in_the_post), s(*board_, *post_, name_) {
        if (what.prepare != nullptr)
            what.prepare(s);
        actor_ = std::make_unique<stepped_child>(
            "act", std::vector<std::string>{std::to_string(&what - scenes.data()), way_of_actor, name_});
        if (what.wake == nullptr || (what.is_given_up && actor_awaits_))
            seat_bystanders(); // the actor waits already, or does not
    }

    /// To the next landmark; false: there is none, it is over. What it sleeps for comes with the next step.
    bool step() {
        for (bool sleeps_on = false;; sleeps_on = true) {
            if (sleeps_ && what_.is_given_up)
                let_its_time_pass();
            else if (sleeps_ && (!sleeps_on || (all_through() && !is_there())))
                wake();
            const auto now = actor_->next();
            if (!std::exchange(sleeps_, now == stepped_child::step::asleep) || !sleeps_)
                return now != stepped_child::step::over;
            std::this_thread::yield(); // it has been woken and not got it, or it will not be long
        }
    }
    /// So many instructions further; false: that is not before the next landmark, and it stays there.
    bool creep(std::size_t instructions) {
        while (instructions-- > 0)
            if (sleeps_ || !actor_->creep())
                return false;
        return true;
    }

    /// What the actor gives up waiting for comes, amid that, and it is the one who is woken for it; too late, by the
    /// clock. If it does not wait yet, that is when it sleeps: before, it would not give up.
    void give() {
        is_to_be_given_ = true;
        if (sleeps_)
            seat_bystanders();
        if (!has_bystanders() || s.did_wake)
            return;
        have_the_actor_woken_next(&s.b);
        have_the_actor_woken_next(&s.post.ring().core());
        wake();
        while (deadline::after(std::chrono::nanoseconds(0)).steady_ns() <= s.b.actor_gives_up_at.load())
            std::this_thread::yield();
    }
    /// One more of it, whoever has got the first.
    void give_one_more() {
        if (what_.of == books::turnstile) {
            s.set();
        } else if (what_.of == books::door) {
            if (s.b.door.try_lock())
                s.b.door.unlock();
        } else {
            provide();
        }
    }

    /// Everyone who lives gets what he waits for, if need be from the survivors.
    void settle() {
        if (what_.wake != nullptr && !s.did_wake)
            wake();
        while (!all_through())
            if (is_there())
                std::this_thread::yield();
            else
                provide();
    }
    /// The bystanders are through, and may have got what was meant for the actor.
    void once_more() {
        if (what_.wake != nullptr && !what_.is_given_up)
            what_.wake(s);
    }
    [[nodiscard]] bool all_through() const {
        return std::all_of(bystanders_.begin(), bystanders_.end(), [](const auto& b) { return b->is_through(); });
    }
    [[nodiscard]] bool somebody_is_stuck() const {
        return std::any_of(bystanders_.begin(), bystanders_.end(), [](const auto& b) { return b->is_stuck(); });
    }
    [[nodiscard]] bool has_bystanders() const { return !bystanders_.empty(); }

    /// What the operation has added to what there is, or taken away, now that it is over.
    [[nodiscard]] int effect() const { return what_.is_given_up && !s.b.actor_has_it.load() ? 0 : what_.effect; }
    /// What there is, less what the survivors' books say; of permits, settings and items. Takes all of it.
    std::int64_t balance() {
        switch (what_.of) {
        case books::door:
        case books::gate:
            return 0;
        case books::permits:
            return s.b.permits.available() + s.taken - s.given;
        case books::turnstile:
            return (s.b.turnstile.is_set() ? 1 : 0) + s.taken - s.given;
        case books::belt:
            while (!s.b.belt.empty())
                s.pop();
            break;
        case books::shelf:
            while (!s.b.shelf.empty()) // what the dead have in hand counts
                s.take();
            break;
        case books::post:
            empty_the_post();
            break;
        }
        return static_cast<std::int64_t>(s.all_got().size()) - static_cast<std::int64_t>(s.all_put().size());
    }

    /// Every item that came out is whole.
    [[nodiscard]] bool items_are_whole() const {
        return std::all_of(s.all_got().begin(), s.all_got().end(), [](const crate& c) { return c.is_whole(); });
    }
    [[nodiscard]] bool an_item_came_twice() const {
        auto numbers = numbers_got();
        std::sort(numbers.begin(), numbers.end());
        return std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end();
    }
    /// Each producer's came in order, but for those that came again. Of what several threads took out, nobody can tell.
    [[nodiscard]] bool items_are_in_order() const {
        std::array<std::uint64_t, 3> next{}; // of the survivors, of the actor, of the bystanders
        for (const auto number : numbers_got()) {
            if (came_again(number))
                continue;
            auto& of = next.at(number / items_of_the_actor);
            if (number < of && !has_bystanders())
                return false;
            of = number;
        }
        return true;
    }

    [[nodiscard]] stepped_child& actor() { return *actor_; }
    /// Whatever flags are stored with it.
    [[nodiscard]] bool is_the_actor(detail::owner_token t) const {
        return backend::pack(backend::unpack(t)) == s.b.actor.load();
    }
    [[nodiscard]] bool actor_owns_the_door() const { return is_the_actor(mutex::lock_operation{s.b.door}.held_by()); }
    /// An item of the shelf, or a letter: what goes to somebody else if it dies.
    [[nodiscard]] bool actor_has_an_item() const {
        const auto shelf = s.b.shelf.ref().places();
        for (std::uint32_t i = 0; i < shelf.count; ++i)
            if (const auto word = shelf.word(i); detail::places::in_hand(word) && is_the_actor(word))
                return true;
        return actor_has_a_slot(detail::message_slot::on_loan);
    }
    /// It has the oldest letter of those that are not finished with: then no room comes back behind it.
    [[nodiscard]] bool actor_has_the_room() const {
        const auto post = s.post.ring();
        const auto tail = post.core().tail.position.load();
        auto at = post.core().head.position.load();
        while (at != tail && post.slot(at).state.load() == detail::message_slot::finished)
            at = detail::advanced(at, 1, post.slot_count());
        return what_.of == books::post && at != tail && is_the_actor(post.slot(at).state.load() & ~detail::owner_flags);
    }
    [[nodiscard]] bool actor_is_inside_the_tail() const {
        return is_the_actor(what_.of == books::post ? s.post.ring().core().tail.inside.holder()
                                                    : s.b.shelf.ref().core().tail.holder.load());
    }
    [[nodiscard]] bool actor_is_inside_the_head() const {
        return is_the_actor(what_.of == books::post ? s.post.ring().core().head.inside.holder()
                                                    : s.b.shelf.ref().core().head.holder.load());
    }
    /// Inside push, or pop, or what corresponds to them.
    [[nodiscard]] bool actor_is_at_an_end() const {
        if (what_.of == books::belt) {
            const auto belt = s.b.belt.ref();
            return is_the_actor(what_.effect > 0 ? belt.core().tail.holder.load() : belt.core().head.holder.load());
        }
        return (what_.of == books::shelf || what_.of == books::post) &&
               (actor_is_inside_the_tail() || actor_is_inside_the_head());
    }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    [[nodiscard]] bool actor_has_a_slot(detail::owner_token as) const {
        const auto post = s.post.ring();
        for (std::uint32_t i = 0; i < post.slot_count(); ++i)
            if (const auto state = post.slot(i).state.load();
                (state & detail::owner_flags) == as && is_the_actor(state & ~detail::owner_flags))
                return true;
        return false;
    }
    /// All letters come out, and all room comes back: of a closed one, at least the former.
    void empty_the_post() {
        const auto late = std::chrono::steady_clock::now() + stuck_after;
        for (std::error_code end;;) {
            if (s.try_receive(end))
                continue;
            if (end || s.post.try_reserve(post_bytes))
                return;
            if (std::chrono::steady_clock::now() > late)
                throw std::runtime_error("stuck: the post does not become empty");
        }
    }
    [[nodiscard]] bool came_again(std::uint64_t number) const {
        const auto& all = s.that_came_again();
        return std::find(all.begin(), all.end(), number) != all.end();
    }
    [[nodiscard]] std::vector<std::uint64_t> numbers_got() const {
        std::vector<std::uint64_t> numbers;
        for (const auto& c : s.all_got())
            numbers.push_back(c.number);
        return numbers;
    }
    void seat_bystanders() {
        if (what_.beside == nullptr || !bystanders_.empty())
            return;
        for (int i = 0; i < what_.how_many; ++i) {
            bystanders_.push_back(std::make_unique<bystander>(what_.beside, way_, s));
            bystanders_.back()->until_asleep();
        }
    }
    /// It has come first, among threads or among reactors, and sits in the first seat, or in the crowd's.
    void have_the_actor_woken_next(const void* object) const {
        constexpr auto seats_go_first = std::uint32_t{1} << 31;
        detail::segment::holding(object)->for_each_word([this](detail::wait_word& word) {
            word.turn.store((actor_awaits_ ? seats_go_first : 0) | (core::private_seats - 1));
        });
    }
    void let_its_time_pass() {
        seat_bystanders();
        if (is_to_be_given_)
            give();
    }
    void wake() {
        if (!std::exchange(s.did_wake, true))
            seat_bystanders();
        what_.wake(s);
    }
    /// Whether that is there for which the bystanders wait: then they have to get it by themselves.
    [[nodiscard]] bool is_there() const {
        if (what_.beside == bystanders::acquire)
            return s.b.permits.available() > 0;
        if (what_.beside == bystanders::pass)
            return s.b.turnstile.is_set();
        if (what_.beside == bystanders::pass_the_gate)
            return s.b.gate.is_set();
        if (what_.beside == bystanders::pop)
            return s.b.belt.is_closed() || !s.b.belt.empty();
        if (what_.beside == bystanders::push)
            return s.b.belt.is_closed() || s.b.belt.size() < s.b.belt.capacity();
        if (what_.beside == bystanders::take)
            return s.b.shelf.is_closed() || s.b.shelf.size() > s.b.shelf.in_hand();
        if (what_.beside == bystanders::stock)
            return s.b.shelf.ref().can_push();
        if (what_.beside == bystanders::receive)
            return s.post.is_closed() || !s.post.empty();
        if (what_.beside == bystanders::send)
            return s.post.ring().may_reserve();
        return true;
    }
    void provide() {
        if (what_.beside == bystanders::acquire)
            s.release();
        else if (what_.beside == bystanders::pass)
            stages::set_the_turnstile(s);
        else if (what_.beside == bystanders::pass_the_gate)
            s.b.gate.set();
        else if (what_.beside == bystanders::pop)
            s.push();
        else if (what_.beside == bystanders::push)
            s.pop();
        else if (what_.beside == bystanders::take)
            s.stock();
        else if (what_.beside == bystanders::stock)
            (void)s.try_take();
        else if (what_.beside == bystanders::receive)
            s.send();
        else if (what_.beside == bystanders::send)
            (void)s.try_receive();
    }

    std::unique_ptr<stepped_child> actor_;
    std::vector<std::unique_ptr<bystander>> bystanders_;
    bool sleeps_ = false;
    bool is_to_be_given_ = false;
};

/// Calls perform(scene, way of the actor, way of the bystanders) for all that make a difference. Where both wait, there
/// are four; two of them will do in one run, and CROSSWAKE_TEST_PAIRINGS=4 asks for all. To cancel is for who awaits.
/// CROSSWAKE_TEST_ONLY is a part of the names of those scenes that are played, if it is set.
template <class Perform>
void for_each_scene(Perform&& perform) {
    const auto pairings = knob("CROSSWAKE_TEST_PAIRINGS", 2);
    const char* const only = std::getenv("CROSSWAKE_TEST_ONLY");
    auto random = generator(1);
    for (const auto& what : scenes) {
        if (only != nullptr && what.name.find(only) == std::string::npos)
            continue;
        const bool waits = what.wake != nullptr && !what.is_awaited;
        const bool is_waited = what.beside != nullptr;
        const auto turn = random();
        for (std::size_t i = 0; i < 4; ++i) {
            const auto way = i % 2;
            const auto way_of_bystanders = i / 2;
            const bool differs = (waits || way == (what.is_awaited ? 1 : 0)) && (is_waited || way_of_bystanders == 0);
            // Of four the two without, or those with, a difference between the ways.
            const bool is_left_out =
                waits && is_waited && pairings < 4 && (way == way_of_bystanders) == (turn % 2 != 0);
            if (differs && !is_left_out)
                perform(what, both_ways[way], both_ways[way_of_bystanders]);
        }
    }
}

} // namespace crosswake::test

// args: scene, way, board. The one who is cut short. Its own waits need no re-check: it has no survivor to care for.
CROSSWAKE_ROLE(act) {
    using namespace crosswake;
    using namespace crosswake::test;
    set_recheck_interval(std::chrono::hours(1));
    set_spin_limit({});
    waiter w{args[1]};
    const auto& what = scenes[std::stoul(args[0])];
    named<board> b{open_only, args[2]};
    named<message_queue> post{open_only, post_of(args[2])};
    b->actor.store(detail::this_process());
    actor a{w, *b, *post};
    if (what.get_ready != nullptr)
        what.get_ready(a);
    stepped_child::begin();
    what.act(a);
    stepped_child::end();
    a.finish();
    return 0;
}

CROSSWAKE_ROLE(die_inside) {
    using namespace crosswake;
    named<test::board> b{open_only, args[0]};
    b->door.lock();
    ++b->left;
    test::child::kill_myself();
}

CROSSWAKE_ROLE(die_with_a_delivery) {
    using namespace crosswake;
    named<test::board> b{open_only, args[0]};
    const auto d = b->shelf.take();
    test::child::kill_myself();
}

CROSSWAKE_ROLE(die_with_a_reservation) {
    using namespace crosswake;
    named<message_queue> post{open_only, test::post_of(args[0])};
    const auto r = post->reserve(test::letter_bytes);
    test::child::kill_myself();
}

CROSSWAKE_ROLE(die_with_a_message) {
    using namespace crosswake;
    named<message_queue> post{open_only, test::post_of(args[0])};
    const auto m = post->receive();
    test::child::kill_myself();
}

// Joins when all is over, and finds everything in working order. args: board.
CROSSWAKE_ROLE(come_later) {
    using namespace crosswake;
    using namespace crosswake::test;
    named<board> b{open_only, args[0]};
    named<message_queue> post{open_only, post_of(args[0])};
    waiter w{"awaits"};
    actor a{w, *b, *post};
    acts::enter(a);
    acts::leave(a);
    b->permits.release();
    acts::acquire(a);
    b->turnstile.set();
    acts::pass(a);
    b->gate.set();
    acts::pass_the_gate(a);
    if (!b->belt.is_closed()) {
        acts::push(a);
        acts::pop(a);
    }
    if (!b->shelf.is_closed()) {
        acts::stock(a);
        acts::take(a);
        acts::confirm(a);
    }
    if (!post->is_closed()) {
        acts::reserve_and_write(a);
        acts::commit(a);
        acts::receive(a);
        acts::release(a);
    }
    return b->belt.empty() && b->shelf.empty() && post->empty() ? 0 : 1;
}
