// CONTRACT region, where what the dead leave is removed by others.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/refusal.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/region.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

std::unique_ptr<region> make(const std::string& name) {
    constexpr std::size_t page = 4096;
    struct : region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    std::error_code error;
    return region::create(name, page, page, permissions::this_user, initialise, error);
}

} // namespace

// args: a name. In a memory where nobody else sweeps.
CROSSWAKE_ROLE(sweep_by_threes) {
    if (!enter_small_shared_memory(1 << 20))
        return not_permitted_here;
    std::vector<std::unique_ptr<region>> living;
    const auto more_that_live = [&] {
        for (int i = 0; i < 30; ++i)
            living.push_back(make(args[0] + std::to_string(living.size())));
    };
    more_that_live();
    raw_object dead(args[0]);
    dead.let_go();
    more_that_live();
    for (int calls = 0; calls < 30; ++calls)
        sweep_regions(3);
    return raw_object::exists(args[0]) ? 1 : 0;
}

TEST_CASE("a name whose dead region is just being removed is free: who wants it waits for those few steps") {
    const auto name = fresh_name();
    raw_object dead(name);
    dead.begin_removal();
    std::atomic<thread_number> creator{0};
    std::unique_ptr<region> created;
    std::thread t([&] {
        creator = this_thread();
        created = make(name);
    });
    while (creator == 0)
        std::this_thread::yield();
    until_asleep(creator);
    dead.finish_removal();
    t.join();
    CHECK(created != nullptr);
}

TEST_CASE("a dead region that is just being removed is not found, and nobody waits for that") {
    const auto name = fresh_name();
    raw_object dead(name);
    dead.begin_removal();
    std::error_code error;
    CHECK(region::open(name, permissions::this_user, error) == nullptr);
    CHECK(error == errc::not_found);
    dead.finish_removal();
}

TEST_CASE("who is stopped while it removes a dead region keeps nobody waiting for ever") {
    const auto name = fresh_name();
    raw_object dead(name);
    dead.begin_removal();
    const auto r = refusal_of([&] { named<semaphore>{open_or_create, name}; });
    CHECK(r.code == std::errc::device_or_resource_busy);
    CHECK(r.says('"' + name + '"'));
    CHECK(refusal_of([&] { named<semaphore>{create_only, name}; }).code == std::errc::device_or_resource_busy);
    dead.finish_removal();
    CHECK(named<semaphore> { create_only, name, 3 } -> available() == 3);
}

TEST_CASE("a bounded sweep goes on where the last one stopped") {
    child c{"sweep_by_threes", {fresh_name()}};
    if (const int code = c.wait(); permitted(code))
        CHECK(code == 0);
}
