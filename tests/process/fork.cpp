// What a forked child inherits, and what it does not. Only here, in async/fork.cpp and in
// refused_calls_alone.cpp a test forks and runs on.
#include <support/child.hpp>
#include <support/crowd.hpp>
#include <support/forked.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/raw_object.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <backend/process.hpp>
#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct held_elsewhere {
    mutex door;
    semaphore locked;
    semaphore go;
};

int try_to_become_another_user() {
    return forked([] { return become_nobody() ? 0 : not_permitted_here; }).wait();
}

template <class Call>
bool is_not_permitted(Call call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return e.code() == errc::operation_not_permitted;
    }
    return false;
}

} // namespace

// args: name. Locks, and awaits twice what it is told.
CROSSWAKE_ROLE(lock_and_await) {
    named<held_elsewhere> h{open_only, args[0]};
    waiter w{"awaits"};
    const unique_lock hold{h->door};
    for (int i = 0; i < 2; ++i) {
        h->locked.release();
        semaphore::acquire_operation op{h->go};
        if (w.wait(op) != wait_result::done)
            return 1;
    }
    return 0;
}

CROSSWAKE_ROLE(count_descriptors_like_the_parent_began) {
    return static_cast<int>(descriptor_count());
}

// args: name of an event that the forked child waits for, and of one that it sets.
CROSSWAKE_ROLE(leave_the_object_to_a_forked_child) {
    named<event> alone{open_only, args[0]};
    named<event> go{open_only, args[1]};
    named<semaphore> done{open_only, args[2]};
    named<semaphore> inherited{create_only, args[3], 5};
    if (::fork() == 0) {
        go->wait();
        const bool usable = inherited->try_acquire();
        const named<semaphore> again{open_only, args[3]};
        if (usable && again->available() == 4)
            done->release();
        ::_exit(0);
    }
    alone->set();
    return 0;
}

TEST_CASE("a forked child uses the handles that it inherits: to wake its parent, and to be woken") {
    named<semaphore> there{create_only, fresh_name()};
    named<semaphore> back{create_only, fresh_name()};
    named<queue<int>> q{create_only, fresh_name(), 1};
    for (int i = 0; i < 20; ++i) {
        forked c([&] {
            there->acquire();
            q->push(i);
            q->push(i + 1);
            back->release();
            return 0;
        });
        until_asleep(c.pid());
        there->release();
        CHECK(q->pop() == i);
        CHECK(q->pop() == i + 1);
        back->acquire();
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("a forked child opens an object by name beside the handle that it inherits") {
    const auto name = fresh_name();
    named<semaphore> s{create_only, name};
    forked c([&] {
        named<semaphore> again{open_only, name};
        again->release();
        return s->try_acquire() ? 0 : 1;
    });
    CHECK(c.wait() == 0);
    CHECK(raw_object::exists(name));
}

TEST_CASE("a forked child owns none of its parent's locks: it may not unlock them, nor mark them as sound") {
    named<mutex> m{create_only, fresh_name()};
    m->lock();
    forked c([&] {
        if (!is_not_permitted([&] { m->unlock(); }))
            return 1;
        if (!is_not_permitted([&] { m->mark_sound(); }))
            return 2;
        return m->try_lock() ? 3 : 0;
    });
    CHECK(c.wait() == 0);
    CHECK_FALSE(m->try_lock());
    m->unlock();
    CHECK(m->try_lock() == lock_status::acquired);
    m->unlock();
}

TEST_CASE("nor does a child of whose birth the C library was not told" * doctest::skip(is_instrumented)) {
    named<mutex> m{create_only, fresh_name()};
    m->lock();
    const auto child_pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child_pid == 0)
        ::_exit(is_not_permitted([&] { m->unlock(); }) ? 0 : 1);
    int status = -1;
    CHECK(::waitpid(static_cast<pid_t>(child_pid), &status, 0) == child_pid);
    CHECK(status == 0);
    m->unlock();
}

TEST_CASE("a guard that a forked child inherits does nothing when it goes") {
    named<mutex> m{create_only, fresh_name()};
    std::optional<unique_lock> hold(std::in_place, *m);
    forked c([&] {
        hold.reset();
        return m->try_lock() ? 1 : 0;
    });
    CHECK(c.wait() == 0);
    CHECK_FALSE(m->try_lock());
    hold.reset();
    CHECK(m->try_lock());
    m->unlock();
}

TEST_CASE(
    "a forked child holds none of its parent's deliveries: it may not confirm them, and they do not go back with it") {
    named<work_queue<int>> q{create_only, fresh_name(), 2};
    q->push(1);
    q->push(2);
    auto one = q->take();
    std::optional<delivery<int>> two(q->take());
    forked c([&] {
        two.reset();
        if (!is_not_permitted([&] { one.confirm(); }) || !is_not_permitted([&] { one.put_back(); }))
            return 1;
        return q->try_take() || q->in_hand() != 2 ? 2 : 0;
    });
    CHECK(c.wait() == 0);
    CHECK_FALSE(q->try_take());
    one.confirm();
    two->confirm();
    CHECK(q->empty());
}

TEST_CASE("what a forked child takes is its own: it comes back when the child has ended") {
    const owner_check_each while_here(std::chrono::milliseconds(50));
    named<work_queue<int>> q{create_only, fresh_name(), 2};
    q->push(1);
    forked c([&] {
        const auto d = q->take();
        ::_exit(0); // without a word
        return 0;
    });
    CHECK(c.wait() == 0);
    auto d = q->take();
    CHECK(d.item() == 1);
    CHECK(d.redelivered() == 1);
    d.confirm();
}

TEST_CASE("a lock that a forked child takes is its own: it outlives nothing but the child, and the parent may not "
          "unlock it") {
    const owner_check_each while_here(std::chrono::milliseconds(50));
    named<mutex> m{create_only, fresh_name()};
    named<semaphore> locked{create_only, fresh_name()};
    named<semaphore> end{create_only, fresh_name()};
    forked c([&] {
        m->lock();
        locked->release();
        end->acquire();
        return 0; // without unlocking
    });
    locked->acquire();
    CHECK(is_not_permitted([&] { m->unlock(); }));
    CHECK_FALSE(m->try_lock_for(std::chrono::milliseconds(250))); // several looks at whether the child lives
    end->release();
    CHECK(c.wait() == 0);
    CHECK(m->lock() == lock_status::acquired_from_dead_owner);
    m->unlock();
}

TEST_CASE("a lock that a forked child takes is kept while it lives, whatever the child has lost since the fork") {
    for (const std::string lost : {"descriptors", "rights"}) {
        CAPTURE(lost);
        if (is_instrumented && lost == "descriptors")
            continue;
        named<mutex> m{create_only, fresh_name()};
        named<semaphore> locked{create_only, fresh_name()};
        named<semaphore> end{create_only, fresh_name()};
        forked c([&] {
            if (lost == "descriptors")
                use_up_descriptors();
            else if (!become_nobody())
                return not_permitted_here;
            const bool got = m->try_lock().has_value();
            locked->release();
            end->acquire();
            m->unlock();
            return got ? 0 : 1;
        });
        if (lost == "rights" && !permitted(try_to_become_another_user())) {
            CHECK(c.wait() == not_permitted_here);
            continue;
        }
        locked->acquire();
        const owner_check_each while_here(std::chrono::milliseconds(50));
        const auto robbed = m->try_lock_for(std::chrono::milliseconds(250)); // several looks at whether it lives
        CHECK_FALSE(robbed.has_value());
        if (robbed)
            m->unlock();
        end->release();
        CHECK(c.wait() == 0);
    }
}

// args: a mutex, and two semaphores that tell when it is locked and when to end.
CROSSWAKE_ROLE(fork_without_descriptors) {
    named<mutex> m{open_only, args[0]};
    named<semaphore> locked{open_only, args[1]};
    named<semaphore> end{open_only, args[2]};
    use_up_descriptors();
    forked c([&] {
        const bool got = m->try_lock().has_value();
        locked->release();
        end->acquire();
        m->unlock();
        return got ? 0 : 1;
    });
    return c.wait();
}

TEST_CASE("a lock is kept by a child that was forked where no descriptor was left" * doctest::skip(is_instrumented)) {
    const std::vector<std::string> names{fresh_name(), fresh_name(), fresh_name()};
    named<mutex> m{create_only, names[0]};
    named<semaphore> locked{create_only, names[1]};
    named<semaphore> end{create_only, names[2]};
    child c{"fork_without_descriptors", names};
    locked->acquire();
    const owner_check_each while_here(std::chrono::milliseconds(50));
    const auto robbed = m->try_lock_for(std::chrono::milliseconds(250)); // several looks at whether it lives
    CHECK_FALSE(robbed.has_value());
    end->release();
    CHECK(c.wait() == 0);
}

TEST_CASE("a forked child that closes its handles, or ends, takes nothing from its parent") {
    const auto name = fresh_name();
    std::optional<named<semaphore>> s(std::in_place, create_only, name, 1);
    for (const bool closes : {false, true}) {
        forked c([&] {
            if (closes)
                s.reset();
            return 0;
        });
        CHECK(c.wait() == 0);
        CHECK(raw_object::exists(name));
        named<semaphore> again{open_only, name};
        CHECK(again->available() == 1);
    }
    s.reset();
    CHECK_FALSE(raw_object::exists(name));
}

TEST_CASE("a parent that ends leaves the object to its forked child") {
    const auto alone_name = fresh_name();
    const auto go_name = fresh_name();
    const auto done_name = fresh_name();
    const auto name = fresh_name();
    named<event> alone{create_only, alone_name};
    named<event> go{create_only, go_name};
    named<semaphore> done{create_only, done_name};
    child parent{"leave_the_object_to_a_forked_child", {alone_name, go_name, done_name, name}};
    alone->wait();
    CHECK(parent.wait() == 0);
    go->set();
    done->acquire();
    // The child ends without closing; what it leaves is dead, and goes with the next look.
    while (raw_object::exists(name))
        sweep();
}

TEST_CASE("another program that a process turns into inherits no descriptor") {
    child plain{"count_descriptors_like_the_parent_began"};
    const int none_leaked = plain.wait();
    named<semaphore> s{create_only, fresh_name()};
    named<queue<int>> q{create_only, fresh_name(), 16};
    reactor r;
    poll_loop loop{r};
    semaphore::acquire_operation op{*s};
    remembered p;
    std::error_code error;
    REQUIRE(r.start(p, op, error) == start_result::waiting);
    // It has rung another process, and listens for that one's death.
    const auto name = fresh_name();
    named<held_elsewhere> h{create_only, name};
    child owner{"lock_and_await", {name}};
    h->locked.acquire();
    mutex::lock_operation locking{h->door};
    remembered lock;
    REQUIRE(r.start(lock, locking, error) == start_result::waiting);
    h->go.release();
    h->locked.acquire();
    child other{"count_descriptors_like_the_parent_began"};
    CHECK(other.wait() == none_leaked);
    s->release();
    h->go.release();
    loop.run_until([&] { return p.is_over() && lock.is_over(); });
    locking.guard().unlock();
    CHECK(owner.wait() == 0);
}

namespace {

struct table {
    semaphore first;
    semaphore second;
    semaphore ready;
    semaphore end;
};

using permit_wait = begun_wait<semaphore::acquire_operation>;

/// Begins to wait in a reactor, and says so.
struct waiting_at {
    waiting_at(semaphore& s, semaphore& ready) : w(r, s) {
        if (w.is_waiting())
            ready.release();
    }
    reactor r;
    permit_wait w;
};

} // namespace

CROSSWAKE_ROLE(wait_as_another_program) {
    named<table> t{open_only, args[0]};
    waiting_at w{t->second, t->ready};
    t->end.acquire();
    return 0;
}

CROSSWAKE_ROLE(wait_and_become_another_program) {
    named<table> t{open_only, args[0]};
    const waiting_at w{t->first, t->ready};
    child::become("wait_as_another_program", args);
}

TEST_CASE("rings for a reactor that its process left behind by exec are not swallowed by the next one there") {
    for (const bool in_the_crowd : {false, true}) {
        CAPTURE(in_the_crowd);
        const auto name = fresh_name();
        named<table> t{create_only, name};
        if (in_the_crowd)
            send_to_the_crowd(&*t);
        child c{"wait_and_become_another_program", {name}};
        t->ready.acquire();
        t->ready.acquire(); // the same process, another program
        reactor r;
        for (int i = 0; i < 20; ++i) {
            permit_wait w{r, t->first};
            REQUIRE(w.is_waiting());
            t->first.release();
            CHECK(w.until_over() == wait_result::done);
        }
        t->end.release();
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("in the crowd, too, a program that a process runs next takes over the seat of the one before") {
    const auto name = fresh_name();
    named<table> t{create_only, name};
    send_to_the_crowd(&*t);
    child c{"wait_and_become_another_program", {name}};
    t->ready.acquire();
    t->ready.acquire();
    CHECK(crowd_used(&*t) == 1);
    CHECK(backend::unpack(crowd_seat(&*t, 0).seat.owner.load()).pid == c.pid());
    // Nothing is said any more of what the program before awaited.
    const auto& says = crowd_seat(&*t, 0);
    CHECK(says.named[0].load() != 0);
    CHECK(says.named[1].load() == 0);
    CHECK(says.unnamed.load() == 0);
    t->end.release();
    CHECK(c.wait() == 0);
}

constexpr std::size_t several = 4;

CROSSWAKE_ROLE(wait_in_several_threads_as_another_program) {
    named<table> t{open_only, args[0]};
    std::atomic<std::size_t> there{0};
    const auto wait = [&] {
        reactor r;
        ++there;
        while (there.load() < several) {
        }
        const permit_wait w{r, t->second};
        if (w.is_waiting())
            t->ready.release();
        t->end.acquire();
    };
    std::vector<std::unique_ptr<sleeper>> threads;
    while (threads.size() < several)
        threads.push_back(std::make_unique<sleeper>(wait));
    threads.clear();
    return 0;
}

CROSSWAKE_ROLE(wait_and_become_another_program_of_several_threads) {
    named<table> t{open_only, args[0]};
    const waiting_at w{t->first, t->ready};
    child::become("wait_in_several_threads_as_another_program", args);
}

TEST_CASE("of several who come together only one takes over the seat of the program before") {
    for (int i = 0; i < 20; ++i) {
        const auto name = fresh_name();
        named<table> t{create_only, name};
        send_to_the_crowd(&*t);
        child c{"wait_and_become_another_program_of_several_threads", {name}};
        for (std::size_t n = 0; n < 1 + several; ++n)
            t->ready.acquire();
        CHECK(crowd_used(&*t) == several);
        t->end.release(several);
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("a forked child that ends leaves its parent's waits alone") {
    for (const auto& [destroys, in_the_crowd] : {std::pair{false, false}, {false, true}, {true, false}, {true, true}}) {
        CAPTURE(destroys);
        CAPTURE(in_the_crowd);
        named<semaphore> s{create_only, fresh_name()};
        if (in_the_crowd)
            send_to_the_crowd(&*s);
        auto r = std::make_unique<reactor>();
        for (int i = 0; i < 20; ++i) {
            permit_wait w{*r, *s};
            REQUIRE(w.is_waiting());
            forked c([&] {
                if (destroys)
                    r.reset();
                return 0;
            });
            CHECK(c.wait() == 0);
            CHECK_FALSE(w.is_over());
            // The ring comes from another process, which sees nothing but the seat and the bell.
            forked ringer([&] {
                s->release();
                return 0;
            });
            CHECK(w.until_over() == wait_result::done);
            CHECK(ringer.wait() == 0);
        }
    }
}

TEST_CASE("rings for the parent are not swallowed by a forked child that lives on with the inherited reactor") {
    for (const bool in_the_crowd : {false, true}) {
        CAPTURE(in_the_crowd);
        named<semaphore> s{create_only, fresh_name()};
        if (in_the_crowd)
            send_to_the_crowd(&*s);
        named<event> end{create_only, fresh_name()};
        reactor r;
        poll_loop loop{r};
        semaphore::acquire_operation op{*s};
        remembered p;
        std::error_code error;
        REQUIRE(r.start(p, op, error) == start_result::waiting);
        forked bystander([&] {
            end->wait();
            return 0;
        });
        for (int i = 0; i < 100; ++i) {
            forked ringer([&] {
                s->release();
                return 0;
            });
            loop.run_until([&] { return p.is_over(); });
            CHECK(ringer.wait() == 0);
            p.times = 0;
            REQUIRE(r.start(p, op, error) == start_result::waiting);
        }
        CHECK(r.cancel(p));
        end->set();
        CHECK(bystander.wait() == 0);
    }
}

TEST_CASE("a child that opens the inherited reactor anew waits beside its parent") {
    for (const bool in_the_crowd : {false, true}) {
        CAPTURE(in_the_crowd);
        named<event> e{create_only, fresh_name(), reset_mode::manual};
        if (in_the_crowd)
            send_to_the_crowd(&*e);
        named<semaphore> ready{create_only, fresh_name()};
        reactor r;
        begun_wait<event::wait_operation> w{r, *e};
        REQUIRE(w.is_waiting());
        forked c([&] {
            r.reopen_after_fork();
            if (r.waiting() != 1)
                return 1;
            // The first look at it is due at once; from the second on it is the ring that counts.
            r.dispatch();
            if (w.is_over())
                return 2;
            ready->release();
            return w.until_over() == wait_result::done ? 0 : 3;
        });
        ready->acquire();
        until_asleep(c.pid());
        e->set();
        CHECK(c.wait() == 0);
        CHECK(w.until_over() == wait_result::done);
    }
}

TEST_CASE("a child that opens the inherited reactor anew and ends leaves its parent's waits alone") {
    for (const bool in_the_crowd : {false, true}) {
        CAPTURE(in_the_crowd);
        named<semaphore> s{create_only, fresh_name()};
        if (in_the_crowd)
            send_to_the_crowd(&*s);
        reactor r;
        permit_wait w{r, *s};
        REQUIRE(w.is_waiting());
        forked c([&] {
            r.reopen_after_fork();
            return w.cancel() ? 0 : 1;
        });
        CHECK(c.wait() == 0);
        forked ringer([&] {
            s->release();
            return 0;
        });
        CHECK(w.until_over() == wait_result::done);
        CHECK(ringer.wait() == 0);
    }
}

TEST_CASE("what is given one by one reaches both a member of the crowd and the child that it forked") {
    named<semaphore> s{create_only, fresh_name()};
    send_to_the_crowd(&*s);
    named<semaphore> ready{create_only, fresh_name()};
    for (int i = 0; i < 20; ++i) {
        reactor r;
        permit_wait w{r, *s};
        REQUIRE(w.is_waiting());
        forked c([&] {
            r.reopen_after_fork();
            r.dispatch(); // the first look at it is due at once
            if (w.is_over())
                return 1;
            ready->release();
            return w.until_over() == wait_result::done ? 0 : 2;
        });
        ready->acquire();
        until_asleep(c.pid());
        // Whose turn it is gets the first one; the other one is still there for the second.
        s->release();
        s->release();
        CHECK(w.until_over() == wait_result::done);
        CHECK(c.wait() == 0);
        CHECK(s->available() == 0);
        CHECK(crowd_used(&*s) == 2); // those who leave make room for those who come
    }
}

// AddressSanitizer forks with its own locks held, and its child waits for them for ever.
TEST_CASE("a process may fork while other threads of it wait, wake, open and close" * doctest::skip(is_instrumented)) {
    named<semaphore> s{create_only, fresh_name()};
    named<semaphore> end{create_only, fresh_name()};
    const auto busy_name = fresh_name();
    sleeper busy([&] {
        while (!end->try_acquire()) {
            named<semaphore> one{open_or_create, busy_name};
            reactor r;
            const permit_wait w{r, *one};
            one->release();
        }
    });
    for (int i = 0; i < 100; ++i) {
        forked c([&] {
            named<semaphore> mine{create_only, busy_name + "-child"};
            mine->release();
            s->release();
            return 0;
        });
        CHECK(c.wait() == 0);
        s->acquire();
    }
    end->release();
    busy.join();
    while (raw_object::exists(busy_name + "-child"))
        sweep();
}
