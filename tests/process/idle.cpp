// What a wait that nobody answers costs, with the library as it is set.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <core/settings.hpp>
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
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

/// Nothing here comes to anybody who waits.
struct desert {
    semaphore permits;
    event flag;
    mutex taken;
    queue<int, 2> items;
    work_queue<int, 2> jobs;
};

constexpr const char* primitives[] = {"semaphore", "event", "mutex", "queue", "work_queue", "message_queue"};

struct outcome {
    wait_result how;
    std::size_t wake_ups;
};

outcome wait_in_vain(waiter& w, operation& op, std::chrono::milliseconds time) {
    const auto before = wake_up_count();
    const auto how = w.wait(op, deadline::after(time));
    return {how, wake_up_count() - before};
}

/// What ten seconds more cost, in wake-ups; what the beginning and the end of a wait cost is in both.
template <class MakeOperation>
int wait_long(waiter& w, MakeOperation make) {
    auto short_one = make();
    const auto once = wait_in_vain(w, short_one, 500ms);
    auto long_one = make();
    const auto ten_seconds_more = wait_in_vain(w, long_one, 10'500ms);
    if (once.how != wait_result::timed_out || ten_seconds_more.how != wait_result::timed_out)
        return -1;
    return static_cast<int>(ten_seconds_more.wake_ups - once.wake_ups);
}

} // namespace

CROSSWAKE_ROLE(know_the_bounds) {
    return recheck_interval() < 1s && std::chrono::nanoseconds(core::owner_check_ns()) < 100ms ? 0 : 1;
}

// args: objects, way, what it waits for. The exit code is the number of wake-ups, in 10 s.
CROSSWAKE_ROLE(wait_in_the_desert) {
    named<desert> d{open_only, args[0]};
    named<message_queue> post{open_only, args[0] + "-post"};
    waiter w{args[1]};
    if (args[2] == "semaphore")
        return wait_long(w, [&] { return semaphore::acquire_operation{d->permits}; });
    if (args[2] == "event")
        return wait_long(w, [&] { return event::wait_operation{d->flag}; });
    if (args[2] == "mutex")
        return wait_long(w, [&] { return mutex::lock_operation{d->taken}; });
    if (args[2] == "queue")
        return wait_long(w, [&] { return detail::pop_operation<int>{d->items.ref()}; });
    if (args[2] == "work_queue")
        return wait_long(w, [&] { return detail::take_operation<int>{d->jobs.ref()}; });
    return wait_long(w, [&] { return detail::receive_operation{post->ring()}; });
}

// That one look, of the one or the other kind, is enough after a death is what the models show.
TEST_CASE("who waits for an owner looks whether that lives within 100 ms, and for everything else within a second") {
    set_environment("CROSSWAKE_RECHECK_MS", ""); // as the library is set
    CHECK(child{"know_the_bounds"}.wait() == 0);
}

TEST_CASE("who waits and is left alone is woken no more than once in a second") {
    set_environment("CROSSWAKE_RECHECK_MS", ""); // as the library is set

    // Alone in its desert: somebody who leaves wakes the others there, once, if his death is to be heard of.
    struct one_who_waits {
        explicit one_who_waits(const std::string& primitive, const std::string& its_way)
            : for_what(primitive), way(its_way), d(create_only, name), post(create_only, name + "-post", 64, 1) {
            d->taken.lock();
            process.emplace("wait_in_the_desert", role_arguments{name, way, for_what});
        }
        std::string for_what;
        std::string way;
        std::string name = fresh_name();
        named<desert> d;
        named<message_queue> post;
        std::optional<child> process;
    };
    std::deque<one_who_waits> all;
    for (const std::string primitive : primitives)
        for (const std::string way : both_ways)
            all.emplace_back(primitive, way);
    for (auto& each : all) {
        CAPTURE(each.for_what);
        CAPTURE(each.way);
        const auto wake_ups = each.process->wait();
        CHECK(wake_ups >= 0);
        CHECK(wake_ups <= 10);
        each.d->taken.unlock();
    }
}
