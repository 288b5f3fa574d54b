// CONTRACT region, where none keeps a descriptor.
#include <support/names.hpp>
#include <support/system.hpp>

#include <backend/region.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

TEST_CASE("no descriptor is kept for a region") {
    constexpr std::size_t page = 4096;
    struct : region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    (void)detail::this_process(); // keeps one for the process
    const auto before = descriptor_count();
    std::vector<std::unique_ptr<region>> all;
    std::error_code error;
    for (int i = 0; i < 50; ++i) {
        const auto name = fresh_name();
        all.push_back(region::create(name, page, page, permissions::this_user, initialise, error));
        all.push_back(region::open(name, permissions::this_user, error));
        REQUIRE(all.back() != nullptr);
    }
    CHECK(descriptor_count() == before);
    CHECK_FALSE(all.front()->reserve(0, page));
    CHECK(descriptor_count() == before);
}

TEST_CASE("a handle keeps no descriptor") {
    const auto before = descriptor_count();
    std::vector<named<semaphore>> many;
    for (int i = 0; i < 100; ++i)
        many.emplace_back(create_only, fresh_name());
    CHECK(descriptor_count() == before);
}
