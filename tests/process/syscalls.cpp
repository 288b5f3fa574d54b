// What costs no system call: operations for which nobody waits.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

constexpr const char* few_times = "30000";

struct everything {
    semaphore permits;
    event one{reset_mode::automatic};
    event all{reset_mode::manual};
    mutex door;
    queue<int, 4> items;
    semaphore other; // that nobody uses
};

/// Each operation once, where each finds what it needs.
bool use(everything& e) {
    e.permits.release();
    e.one.set();
    e.all.set();
    e.items.push(1);
    bool ok = e.permits.try_acquire() && e.one.try_wait() && e.items.pop() == 1;
    e.all.wait();
    e.all.reset();
    ok = ok && e.door.lock() == lock_status::acquired;
    e.door.unlock();
    return ok;
}

/// Has somebody sleep for everything there is, and pass.
void fall_asleep_in_each(everything& e, const std::string& way) {
    semaphore::acquire_operation permit{e.permits};
    event::wait_operation one{e.one};
    event::wait_operation all{e.all};
    mutex::lock_operation door{e.door};
    detail::pop_operation<int> item{e.items.ref()};
    operation* const each[] = {&permit, &one, &all, &door, &item};
    e.door.lock();
    for (auto* const op : each) {
        sleeper s([&] {
            waiter w{way};
            (void)w.wait(*op);
        });
        s.until_asleep();
        if (op == &permit)
            e.permits.release();
        else if (op == &one)
            e.one.set();
        else if (op == &all)
            e.all.set();
        else if (op == &door)
            e.door.unlock();
        else
            e.items.push(1);
        s.join();
    }
    e.door.unlock();
    e.all.reset();
}

/// More reactors than an object has private seats, which all stay alive and answer their bells.
class large_crowd {
public:
    explicit large_crowd(everything& e) {
        for (std::size_t i = 0; i < size; ++i)
            all_.push_back(std::make_unique<member>(e));
    }
    /// Each awaits everything that the other process will use, and then no longer.
    void await_and_cancel() {
        for (auto& m : all_) {
            for (auto* const op : m->used())
                m->start(*op);
            m->cancel_all();
        }
    }
    void await_another_object() {
        for (auto& m : all_)
            m->start(m->other);
    }
    /// Serves them until the child has ended.
    int run_until_end_of(child& c) {
        std::atomic<bool> is_over{false};
        std::thread loop([&] {
            while (!is_over)
                for (auto& m : all_)
                    m->its.dispatch();
        });
        const auto status = c.wait();
        is_over = true;
        loop.join();
        return status;
    }

private:
    static constexpr std::size_t size = 66;

    struct member {
        explicit member(everything& e)
            : permit(e.permits), one(e.one), all(e.all), door(e.door), item(e.items.ref()), other(e.other) {}
        ~member() { cancel_all(); }

        [[nodiscard]] std::array<operation*, 5> used() { return {&permit, &one, &all, &door, &item}; }
        void start(operation& op) {
            std::error_code error;
            if (its.start(*waits.emplace_back(std::make_unique<remembered>()), op, error) != start_result::waiting)
                throw std::system_error(error, "reactor::start");
        }
        void cancel_all() {
            for (auto& w : waits)
                its.cancel(*w);
            waits.clear();
        }

        semaphore::acquire_operation permit;
        event::wait_operation one;
        event::wait_operation all;
        mutex::lock_operation door;
        detail::pop_operation<int> item;
        semaphore::acquire_operation other;
        std::vector<std::unique_ptr<remembered>> waits;
        reactor its;
    };
    std::vector<std::unique_ptr<member>> all_;
};

} // namespace

// args: object, way of the sleepers that were there before, how often.
CROSSWAKE_ROLE(use_without_system_calls) {
    named<everything> e{open_only, args[0]};
    const auto times = std::stoul(args[2]);
    fall_asleep_in_each(*e, args[1]);
    // Whoever slept has left its announcement behind; the first who comes afterwards finds nobody, and clears it away.
    if (!use(*e))
        return 1;
    forbid_system_calls();
    bool ok = true;
    for (auto n = times; n-- > 0;)
        ok = use(*e) && ok;
    std::_Exit(ok ? 0 : 1);
}

CROSSWAKE_ROLE(wake_a_sleeper_without_system_calls) {
    named<everything> e{open_only, args[0]};
    forbid_system_calls();
    e->permits.release();
    std::_Exit(0);
}

CROSSWAKE_ROLE(acquire_one) {
    named<everything> e{open_only, args[0]};
    e->one.set();
    e->permits.acquire();
    return 0;
}

TEST_CASE("operations for which nobody waits make no system call, even where somebody has waited before" *
          doctest::skip(is_instrumented)) {
    const auto times = knob("CROSSWAKE_TEST_ROUNDS", 300'000);
    for (const auto* const way : both_ways) {
        CAPTURE(way);
        const auto name = fresh_name();
        named<everything> e{create_only, name};
        child c{"use_without_system_calls", {name, way, std::to_string(times)}};
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("nor do they where a crowd of reactors has waited before" * doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<everything> e{create_only, name};
    large_crowd crowd{*e};
    e->door.lock();
    crowd.await_and_cancel();
    e->door.unlock();
    child c{"use_without_system_calls", {name, "blocks", few_times}};
    CHECK(crowd.run_until_end_of(c) == 0);
}

TEST_CASE("nor do they while a crowd of reactors awaits another object of the segment" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<everything> e{create_only, name};
    large_crowd crowd{*e};
    e->door.lock();
    crowd.await_and_cancel();
    e->door.unlock();
    crowd.await_another_object();
    child c{"use_without_system_calls", {name, "blocks", few_times}};
    CHECK(crowd.run_until_end_of(c) == 0);
}

TEST_CASE("waking a sleeper does make a system call, which the test above would notice") {
    const auto name = fresh_name();
    named<everything> e{create_only, name};
    child asleep{"acquire_one", {name}};
    e->one.wait();
    until_asleep(asleep.pid());
    child waker{"wake_a_sleeper_without_system_calls", {name}};
    CHECK(waker.wait() == killed_by_forbidden_call());
    // It was killed after it had changed the count, and before anybody was told.
    e->permits.release();
    CHECK(asleep.wait() == 0);
}
