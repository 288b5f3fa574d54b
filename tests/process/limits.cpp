// Full memory and spent descriptors.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <core/segment.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

constexpr std::size_t too_many = 4 << 20;
constexpr std::size_t few = 1 << 10;

} // namespace

// args: name. Prints what it got if it was not what it should be.
CROSSWAKE_ROLE(fill_a_small_memory) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    for (int i = 0; i < 100; ++i)
        try {
            named<queue<int>> q{create_only, args[0], too_many};
            return 1;
        } catch (const std::system_error& e) {
            const std::string text = e.what();
            if (e.code() != errc::no_space || text.find('"' + args[0] + '"') == std::string::npos ||
                text.find("no shared memory left") == std::string::npos)
                return 2;
        }
    if (objects_left(args[0]) != 0)
        return 3;
    // What the refused ones had taken is free again; what is granted can be written to the last byte.
    named<queue<int>> q{create_only, args[0], few};
    for (std::size_t i = 0; i < few; ++i)
        q->push(static_cast<int>(i));
    return q->size() == few ? 0 : 4;
}

// args: name. A crowd that is said to be there, and whose seats there is no memory for.
CROSSWAKE_ROLE(wake_a_false_crowd_in_a_full_memory) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    named<semaphore> s{create_only, args[0]};
    std::vector<named<queue<char>>> all_the_rest;
    for (std::size_t capacity = few * few; capacity != 0; capacity /= 2)
        try {
            for (;;)
                all_the_rest.emplace_back(create_only, args[0] + '-' + std::to_string(all_the_rest.size()), capacity);
        } catch (const std::system_error& e) {
            if (e.code() != errc::no_space)
                return 1;
        }
    auto& segment = *detail::segment::holding(s.get());
    reinterpret_cast<core::segment_layout*>(segment.region().bytes())->crowd_used.store(core::crowd_seats);
    semaphore::acquire_operation op{*s};
    op.word().seats.store(core::crowd_bit);
    s->release();
    return s->try_acquire() ? 0 : 2;
}

// args: what to release, what to wait for, how often, how many descriptors to leave, CROSSWAKE_BELL.
CROSSWAKE_ROLE(wake_without_descriptors) {
    set_environment("CROSSWAKE_BELL", args[4]);
    named<semaphore> s{open_only, args[0]};
    named<semaphore> go{open_only, args[1]};
    use_up_descriptors(std::stoul(args[3]));
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        go->acquire();
        s->release();
    }
    return 0;
}

CROSSWAKE_ROLE(meet_every_call_without_descriptors) {
    named<semaphore> s{open_only, args[0]};
    use_up_descriptors();
    const auto is_refused = [](auto call) {
        try {
            call();
        } catch (const std::system_error& e) {
            return e.code() == std::errc::too_many_files_open;
        }
        return false;
    };
    if (!is_refused([&] { named<semaphore>{open_only, args[0]}; }))
        return 1;
    if (!is_refused([&] { named<semaphore>{create_only, args[0] + "-more"}; }))
        return 2;
    if (!is_refused([] { reactor{}; }))
        return 3;
    s->release();
    s->acquire();
    return s->try_acquire_for(std::chrono::milliseconds(1)) ? 4 : 0;
}

TEST_CASE("a process that has no descriptor left is told so, and what it has open works on" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<semaphore> s{create_only, name};
    child c{"meet_every_call_without_descriptors", {name}};
    CHECK(c.wait() == 0);
}

// args: how many descriptors to leave.
CROSSWAKE_ROLE(make_reactors_with_few_descriptors) {
    named<semaphore> s{create_only, fresh_name()};
    use_up_descriptors(std::stoul(args[0]));
    try {
        reactor r;
    } catch (const std::system_error& e) {
        return e.code() == std::errc::too_many_files_open ? 1 : 2;
    }
    try {
        reactor r; // what the first one had is there again
        semaphore::acquire_operation op{*s};
        remembered p;
        std::error_code error;
        if (r.start(p, op, error) != start_result::waiting)
            return error == std::errc::too_many_files_open ? 1 : 3;
        s->release();
        std::size_t looks = 0;
        while (!p.is_over() && ++looks < 1000)
            r.dispatch();
        const bool was_rung = p.is_over();
        r.cancel(p);
        return was_rung ? 0 : 4;
    } catch (const std::system_error&) {
        return 5;
    }
}

TEST_CASE("where descriptors are short a reactor is either refused or hears" * doctest::skip(is_instrumented)) {
    bool refused = false;
    bool made = false;
    for (int left = 0; left < 12; ++left) {
        CAPTURE(left);
        child c{"make_reactors_with_few_descriptors", {std::to_string(left)}};
        const int code = c.wait();
        CHECK((code == 0 || code == 1));
        refused = refused || code == 1;
        made = made || code == 0;
    }
    CHECK(refused);
    CHECK(made);
}

TEST_CASE("a process that has hardly a descriptor left wakes others all the same" * doctest::skip(is_instrumented)) {
    // Not by the pipe alone: it is what takes descriptors.
    for (const std::string bell : {"inotify", ""})
        for (const auto* const way : both_ways)
            for (int left = 0; left < 8; ++left) {
                CAPTURE(bell);
                CAPTURE(way);
                CAPTURE(left);
                const auto name = fresh_name();
                const auto go_name = fresh_name();
                named<semaphore> s{create_only, name};
                named<semaphore> go{create_only, go_name};
                constexpr int times = 20;
                child c{"wake_without_descriptors", {name, go_name, std::to_string(times), std::to_string(left), bell}};
                waiter w{way};
                for (int i = 0; i < times; ++i) {
                    until_asleep(c.pid());
                    go->release();
                    semaphore::acquire_operation op{*s};
                    CHECK(w.wait(op) == wait_result::done);
                }
                CHECK(c.wait() == 0);
            }
}

TEST_CASE("an object for which there is no memory is refused with its name, and leaves nothing") {
    child c{"fill_a_small_memory", {fresh_name()}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}

TEST_CASE("who is told of a crowd that is not there, and for which there is no memory, goes on") {
    child c{"wake_a_false_crowd_in_a_full_memory", {fresh_name()}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}
