// Each kernel call refused in turn, with each error: what comes of it is an error or another way, and never a hang, a
// lost wake-up or an object that cannot be used any more.
#include <support/child.hpp>
#include <support/faults.hpp>
#include <support/names.hpp>
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
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_cases = 512;

struct board {
    semaphore to_child;
    semaphore to_parent;
    semaphore nobody_gives;
    event flag{reset_mode::manual};
    queue<int, 2> items;
    work_queue<int, 1> jobs;
    mutex door;
    mutex of_the_living;
    mutex of_the_dead[most_cases];
    work_queue<int, 1> jobs_of_the_dead[most_cases];
};

/// All that they share: message queues stand alone.
struct office {
    explicit office(const std::string& name)
        : b(open_only, name), post(open_only, name + "-post"), post_of_the_dead(open_only, name + "-dead-post") {}
    office(create_only_t, const std::string& name)
        : b(create_only, name), post(create_only, name + "-post", letter, 1),
          post_of_the_dead(create_only, name + "-dead-post", most_cases * letter, most_cases) {}

    static constexpr std::size_t letter = 64;

    named<board> b;
    named<message_queue> post;
    named<message_queue> post_of_the_dead;
};

/// An error that says what it is.
bool works_or_is_refused(const std::function<void()>& call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return static_cast<bool>(e.code());
    } catch (const std::bad_alloc&) {
        return true;
    }
    return true;
}

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

} // namespace

CROSSWAKE_ROLE(own_all_and_die) {
    office o{args[0]};
    std::vector<delivery<int>> jobs;
    std::vector<message> letters;
    for (std::size_t i = 0; i < most_cases; ++i) {
        o.b->of_the_dead[i].lock();
        o.b->jobs_of_the_dead[i].push(1);
        jobs.push_back(o.b->jobs_of_the_dead[i].take());
        o.post_of_the_dead->reserve(office::letter).commit();
        letters.push_back(o.post_of_the_dead->receive());
    }
    child::kill_myself();
}

// args: office, call, error, "always" or "once", which of the dead's things.
CROSSWAKE_ROLE(meet_the_refusal) {
    // By the pipe alone nobody is reached who cannot be opened.
    if (const char* const bell = std::getenv("CROSSWAKE_BELL"); bell != nullptr && std::string(bell) == "pipe")
        set_environment("CROSSWAKE_BELL", "");
    office o{args[0]};
    auto& b = *o.b;
    reactor r;
    poll_loop loop{r};
    (args[3] == "always" ? refuse_call : refuse_call_once)(args[1], args[2]);

    if (!works_or_is_refused([&] { named<board>{open_only, args[0]}; }))
        return 1;
    if (!works_or_is_refused([&] { named<queue<int>>{create_only, args[0] + "-more", 100}; }))
        return 2;
    if (!works_or_is_refused([] { reactor{}; }))
        return 3;
    if (!is_usable(b) || !are_usable(b.jobs, *o.post))
        return 4;
    const auto which = std::stoul(args[4]);
    if (b.of_the_dead[which].lock() != lock_status::acquired_from_dead_owner ||
        b.jobs_of_the_dead[which].take().redelivered() != 1 || o.post_of_the_dead->receive().redelivered() != 1)
        return 5;
    // Who waits long for a lock needs more of the kernel; those calls are met here.
    const owner_check_each from_here_on(50ms);
    for (const std::string needed : {"ppoll", "pipe2", "epoll_create1", "pidfd_open", "memfd_create"})
        if (args[1] == needed && b.of_the_living.try_lock_for(150ms))
            return 8;
    // Whatever the parent gives when it is told. false: the wait failed, and no error says why.
    const auto is_given = [&](operation& op) {
        remembered p;
        std::error_code error;
        // The tests' own loop sleeps in poll.
        const auto started = args[1] == "poll" ? start_result::failed : r.start(p, op, error);
        b.to_parent.release();
        if (started == start_result::waiting)
            loop.run_until([&] { return p.is_over(); });
        return started != start_result::failed || ((error || args[1] == "poll") && wait(op));
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
    if (!is_usable(b) || !are_usable(b.jobs, *o.post))
        return 7;
    std::_Exit(0); // without the ends of static objects, which may be refused what they need
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
    const auto name = fresh_name();
    office o{create_only, name};
    auto& b = *o.b;
    child{"own_all_and_die", {name}}.wait();
    b.of_the_living.lock();
    std::size_t door = 0;
    for (const auto& call : kernel_calls())
        for (const auto& error : kernel_errors()) {
            // Of a pipe this is no refusal: it is full, and its reader awake.
            if (call == "pwritev2" && error == "EAGAIN")
                continue;
            // A call that is interrupted for ever is none that anybody has seen.
            const std::string how = error == "EINTR" ? "once" : "always";
            CAPTURE(call);
            CAPTURE(error);
            REQUIRE(door < most_cases);
            child c{"meet_the_refusal", {name, call, error, how, std::to_string(door)}};
            waiter w{both_ways[door % 2]};
            ++door;
            // Nobody can wake a blocked thread without the call for it: such a one looks up by itself.
            const bool is_mute = call == "futex";
            set_recheck_interval(is_mute ? 1ms : std::chrono::hours(1));
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
            CHECK(c.wait() == 0);
            b.flag.reset();
        }
    sweep(); // what the refused could not remove
}
