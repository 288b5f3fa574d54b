// CONTRACT region, where what the dead leave is removed by others.
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/system.hpp>

#include <backend/region.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <system_error>
#include <thread>

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
