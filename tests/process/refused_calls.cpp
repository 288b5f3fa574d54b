// Each kernel call refused in turn, always and one time of many, with each error: what comes of it is an error or
// another way, and never a hang, a lost wake-up, a leak or an object that cannot be used any more.
#include <support/child.hpp>
#include <support/faults.hpp>
#include <support/names.hpp>
#include <support/one_refusal.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct board {
    semaphore to_child;
    semaphore to_parent;
    semaphore nobody_gives;
    event flag{reset_mode::manual};
    queue<int, 2> items;
    work_queue<int, 1> jobs;
    mutex door;
    mutex of_the_living;
    mutex of_the_dead;
    work_queue<int, 1> jobs_of_the_dead;
    queue<end_of_scene, 1> ends;
};

/// All that they share: message queues stand alone.
struct office {
    explicit office(const std::string& name)
        : b(open_only, name), post(open_only, name + "-post"), post_of_the_dead(open_only, name + "-dead-post") {}
    office(create_only_t, const std::string& name)
        : b(create_only, name), post(create_only, name + "-post", letter, 1),
          post_of_the_dead(create_only, name + "-dead-post", letter, 1) {}

    static constexpr std::size_t letter = 64;

    named<board> b;
    named<message_queue> post;
    named<message_queue> post_of_the_dead;
};

/// What needs nothing of the kernel works as ever.
bool is_usable(board& b) {
    b.flag.set();
    b.items.push(1);
    const bool ok = b.flag.try_wait() && b.items.pop() == 1 && b.door.lock() == lock_status::acquired;
    b.door.unlock();
    return ok && !b.nobody_gives.try_acquire_for(1ms);
}

/// The same where a thing is in hand between two calls. Nothing waits there before, and nothing afterwards.
bool are_usable(work_queue<int, 1>& jobs, message_queue& post) {
    jobs.push(1);
    post.reserve(1).commit();
    const bool are_full = !jobs.push_for(1ms, 2) && !post.reserve_for(1ms, 1);
    auto job = jobs.take();
    auto letter = post.receive();
    const bool are_in_hand = !jobs.take_for(1ms) && !post.receive_for(1ms);
    job.put_back();
    letter.put_back();
    jobs.take().confirm();
    post.receive().release();
    return are_full && are_in_hand;
}

/// What the dead had, each of them in turn, to be had by the next one when this one is dead.
struct heirlooms {
    [[nodiscard]] bool are_inherited(office& o) {
        const auto lock_tells = o.b->of_the_dead.lock() == lock_status::acquired_from_dead_owner;
        job = o.b->jobs_of_the_dead.take();
        letter = o.post_of_the_dead->receive();
        return lock_tells && job.redelivered() != 0 && letter.redelivered() != 0;
    }

    delivery<int> job;
    message letter;
};

/// 0, or where it went wrong.
int meet(office& o, const std::string& name, heirlooms& mine, reactor& r, const std::string& call, bool always) try {
    auto& b = *o.b;
    poll_loop loop{r};
    if (!works_or_is_refused([&] { named<board>{open_only, name}; }))
        return 1;
    if (!works_or_is_refused([&] { named<queue<int>>{create_only, name + "-more", 100}; }))
        return 2;
    if (!works_or_is_refused([] { reactor{}; }))
        return 3;
    if (!is_usable(b) || !are_usable(b.jobs, *o.post))
        return 4;
    if (!mine.are_inherited(o))
        return 5;
    // Who waits long for a lock needs more of the kernel.
    const owner_check_each from_here_on(3ms);
    if (b.of_the_living.try_lock_for(10ms))
        return 8;
    // Whatever the parent gives when it is told. false: the wait failed, and no error says why.
    const auto is_given = [&](operation& op) {
        remembered p;
        std::error_code error;
        // The tests' own loop sleeps in poll.
        const bool cannot_loop = call == "poll" && always;
        const auto started = cannot_loop ? start_result::failed : r.start(p, op, error);
        b.to_parent.release();
        if (started == start_result::waiting)
            loop.run_until([&] { return p.is_over(); });
        return started != start_result::failed || ((error || cannot_loop) && wait(op));
    };
    semaphore::acquire_operation permit{b.to_child};
    detail::take_operation<int> take{b.jobs.ref()};
    detail::receive_operation receive{o.post->ring()};
    if (!is_given(permit) || !is_given(take) || !is_given(receive))
        return 6;
    take.delivery().put_back();
    receive.message().put_back();
    detail::push_operation<int, detail::work_queue_ref<int>> push{b.jobs.ref(), 2};
    detail::reserve_operation reserve{o.post->ring(), 1};
    if (!is_given(push) || !is_given(reserve))
        return 9;
    b.jobs.take().confirm();
    reserve.reservation().abort();
    return is_usable(b) && are_usable(b.jobs, *o.post) ? 0 : 7;
} catch (const std::exception& e) {
    std::fprintf(stderr, "refused %s: %s\n", call.c_str(), e.what());
    return 99;
}

constexpr std::int64_t turns_of_the_parent = 5;

/// The other side: gives what the child waits for, when told. The child's exit code.
int play_against(office& o, child& c, const char* way, const std::string& call) {
    auto& b = *o.b;
    waiter w{way};
    // Nobody can wake a blocked thread without the call for it: such a one looks up by itself.
    const bool is_mute = call == "futex";
    const recheck_each for_now(is_mute ? 1ms : std::chrono::hours(1));
    const auto when_told = [&](auto&& give) {
        semaphore::acquire_operation op{b.to_parent};
        CHECK(w.wait(op) == wait_result::done);
        give();
    };
    delivery<int> job;
    message letter;
    when_told([&] {
        b.jobs.push(1);
        job = b.jobs.take();
        o.post->reserve(1).commit();
        letter = o.post->receive();
        b.to_child.release();
    });
    when_told([&] { job.put_back(); });
    when_told([&] { letter.put_back(); });
    when_told([&] { b.jobs.take().confirm(); });
    when_told([&] { o.post->receive().release(); });
    const int code = c.wait();
    b.flag.reset();
    while (b.to_parent.try_acquire() || b.to_child.try_acquire()) { // left of a scene that went wrong
    }
    return code;
}

/// An office whose heirlooms the dead have.
struct inherited_office {
    inherited_office() {
        child{"own_all_and_die", {name}}.wait();
        its.b->of_the_living.lock();
    }
    ~inherited_office() { sweep(); } // what the refused could not remove

    std::string name = fresh_name();
    office its{create_only, name};
};

} // namespace

CROSSWAKE_ROLE(own_all_and_die) {
    office o{args[0]};
    heirlooms mine;
    o.b->jobs_of_the_dead.push(1);
    o.post_of_the_dead->reserve(office::letter).commit();
    (void)mine.are_inherited(o);
    child::kill_myself();
}

CROSSWAKE_ROLE(choose_a_call) {
    return refuse_nth_call("getdents64", "EINTR", 1) ? 0 : not_permitted_here;
}

// args: office, call, error, "always", "unknown" (any call but those that are known), or which one of many.
CROSSWAKE_ROLE(meet_the_refusal) {
    // By the pipe alone nobody is reached who cannot be opened.
    if (const char* const bell = std::getenv("CROSSWAKE_BELL"); bell != nullptr && std::string(bell) == "pipe")
        set_environment("CROSSWAKE_BELL", "");
    const auto& [name, call, error, how] = std::tie(args[0], args[1], args[2], args[3]);
    office o{name};
    heirlooms mine;
    auto r = std::make_unique<reactor>();
    const bool always = how == "always";
    const bool unknown = how == "unknown";
    if (unknown)
        forbid_unknown_calls();
    else if (always)
        refuse_call(call, error);
    else if (!refuse_nth_call(call, error, std::stoul(how)))
        return not_permitted_here;
    const int code = meet(o, name, mine, *r, call, always);
    r.reset();
    if (code != 0)
        o.b->to_parent.release(turns_of_the_parent); // it waits for as many as that
    if (!always && !unknown)
        o.b->ends.push(it_is_over());
    std::_Exit(code); // without the ends of static objects, which may be refused what they need
}

CROSSWAKE_ROLE(create_and_die) {
    named<semaphore> s{create_only, args[0]};
    child::kill_myself();
}

// In a memory of its own, so that nobody else's sweep removes the dead object.
CROSSWAKE_ROLE(meet_a_dead_object_without_the_means) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    child{"create_and_die", {args[0]}}.wait();
    refuse_call(args[1], "ENOMEM");
    for (const bool may_create : {false, true})
        try {
            if (may_create)
                named<semaphore>{open_or_create, args[0]};
            else
                named<semaphore>{open_only, args[0]};
            return 1;
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::not_enough_memory)
                return 2;
        }
    std::_Exit(0);
}

TEST_CASE("a dead object that cannot be removed is an error, and no endless search") {
    for (const std::string call : {"unlink", "newfstatat", "flock"}) {
        CAPTURE(call);
        child c{"meet_a_dead_object_without_the_means", {fresh_name(), call}};
        if (const int code = c.wait(); permitted(code))
            CHECK(code == 0);
    }
}

TEST_CASE("whichever call the kernel refuses, and however: an error or another way, and the object works on" *
          doctest::skip(is_instrumented)) {
    inherited_office o;
    const bool can_choose = permitted(child{"choose_a_call"}.wait());
    std::size_t turn = 0;
    for (const auto& call : kernel_calls())
        for (const auto& error : kernel_errors()) {
            // A call that is interrupted for ever is none that anybody has seen.
            const std::string how = error == "EINTR" ? "1" : "always";
            if (is_no_refusal(call, error) || (how == "1" && !can_choose))
                continue;
            CAPTURE(call);
            CAPTURE(error);
            child c{"meet_the_refusal", {o.name, call, error, how}};
            CHECK(play_against(o.its, c, both_ways[turn++ % 2], call) == 0);
            (void)o.its.b->ends.try_pop();
        }
}

TEST_CASE("whichever one of many calls the kernel refuses: the same, and nothing is lost or left open" *
          doctest::skip(is_instrumented)) {
    if (!permitted(child{"choose_a_call"}.wait()))
        return;
    inherited_office o;
    const auto play = [&o](const std::string& call, const std::string& error, std::size_t n, const char* way) {
        child c{"meet_the_refusal", {o.name, call, error, std::to_string(n)}};
        CHECK(play_against(o.its, c, way, call) == 0);
        return o.its.b->ends.try_pop();
    };
    refuse_each_in_turn(kernel_calls(), play);
}

TEST_CASE("all calls that are made there are among those that are refused" * doctest::skip(is_instrumented)) {
    inherited_office o;
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        child c{"meet_the_refusal", {o.name, "", "", "unknown"}};
        CHECK(play_against(o.its, c, way, "") == 0);
    }
}
