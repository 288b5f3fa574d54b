// What a process has is the same before and after very many waits for a lock that another one holds. They listen for
// its death, which takes descriptors.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/possessions.hpp>
#include <support/recheck.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct room {
    mutex door;
    semaphore is_locked;
    semaphore is_over;
};

/// A room whose door another process has locked, for as long as this lives.
class locked_room {
public:
    locked_room() { (*this)->is_locked.acquire(); }
    locked_room(const locked_room&) = delete;
    locked_room& operator=(const locked_room&) = delete;
    ~locked_room() {
        (*this)->is_over.release();
        CHECK(keeper_.wait() == 0);
    }
    room* operator->() { return room_.get(); }

private:
    std::string name_ = fresh_name();
    named<room> room_{create_only, name_};
    child keeper_{"keep_the_door_locked", {name_}};
};

} // namespace

// args: room
CROSSWAKE_ROLE(keep_the_door_locked) {
    named<room> r{open_only, args[0]};
    r->door.lock();
    r->is_locked.release();
    r->is_over.acquire();
    r->door.unlock();
    return 0;
}

TEST_CASE("awaiting another process's lock and cancelling leaves nothing" * doctest::skip(is_instrumented)) {
    locked_room r;
    reactor waits;
    has_the_same_after(knob("CROSSWAKE_TEST_CANCELS", 20'000),
                       [&] { wait_and_cancel(waits, mutex::lock_operation{r->door}); });
    CHECK(waits.waiting() == 0);
}

TEST_CASE("waiting for another process's lock until it is too late leaves nothing" * doctest::skip(is_instrumented)) {
    locked_room r;
    const owner_check_each soon{1ms}; // from then on the thread listens
    has_the_same_after(knob("CROSSWAKE_TEST_OPENS", 2000) / 10, [&] { REQUIRE_FALSE(r->door.try_lock_for(3ms)); });
}
