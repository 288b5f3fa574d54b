// An awaited lock whose owner is killed, where nobody tells of that death.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

struct room {
    mutex door;
    semaphore locked;
    semaphore kill;
    semaphore never;
};

} // namespace

CROSSWAKE_ROLE(lock_and_stay) {
    named<room> r{open_only, args[0]};
    r->door.lock();
    r->locked.release();
    r->never.acquire();
    return 0;
}

// Among other process numbers an owner cannot be watched: only looking now and then tells of its death.
CROSSWAKE_ROLE(lock_and_stay_elsewhere) {
    if (!enter_new_process_numbers()) {
        named<room>(open_only, args[0])->locked.release();
        return not_permitted_here;
    }
    child owner{"lock_and_stay", args};
    named<room> r{open_only, args[0]};
    r->kill.acquire();
    owner.kill();
    return 0;
}

TEST_CASE("a lock is awaited to its owner's death, though the context has long been waiting for something else") {
    set_recheck_interval(std::chrono::hours(1)); // it is the look after owners that counts
    const owner_check_each while_here(std::chrono::milliseconds(100));
    const auto name = fresh_name();
    named<room> r{create_only, name};
    child elsewhere{"lock_and_stay_elsewhere", {name}};
    r->locked.acquire();

    asio::io_context context;
    const auto ex = context.get_executor();
    asio::cancellation_signal enough;
    async_acquire(ex, r->locked, asio::bind_cancellation_slot(enough.slot(), asio::detached));
    context.poll(); // its watch and its timer are set, for an hour from now
    lock_status status{};
    async_lock(ex, r->door, [&](boost::system::error_code ec, unique_lock hold) {
        CHECK_FALSE(ec);
        status = hold.status();
        enough.emit(asio::cancellation_type::total);
    });
    r->kill.release();
    context.run();
    if (permitted(elsewhere.wait()))
        CHECK(status == lock_status::acquired_from_dead_owner);
}
