// CONTRACT bell and region: rings that go through a region.
#include <support/belfry.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>
#include <backend/region.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

constexpr std::size_t page = 4096;

std::unique_ptr<region> make_region(const std::string& name) {
    struct : region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    std::error_code error;
    auto r = region::create(name, page, page, permissions::this_user, initialise, error);
    REQUIRE_FALSE(error);
    return r;
}

} // namespace

CROSSWAKE_ROLE(ring_through_a_region) {
    std::error_code error;
    const auto r = region::open(args[0], permissions::this_user, error);
    if (r == nullptr || !r->ring())
        return 1;
    for (;;)
        ::pause();
}

TEST_CASE("a bell that listens to a region hears who rings through it, here and in another process, and who dies") {
    const auto name = fresh_name();
    const auto r = make_region(name);
    const auto b = make_bell();
    b->listen(*r);
    CHECK_FALSE(is_ringing(*b));
    CHECK(r->ring());
    CHECK(is_ringing(*b));
    CHECK(b->silence() == bell::heard::a_region);
    CHECK_FALSE(is_ringing(*b));
    CHECK(b->silence() == bell::heard::nothing_special);

    child c{"ring_through_a_region", {name}};
    REQUIRE(is_rung(*b));
    CHECK(b->silence() == bell::heard::a_region);
    CHECK_FALSE(is_ringing(*b));
    c.kill();
    CHECK(is_ringing(*b)); // by the time that its parent knows
    CHECK(b->silence() == bell::heard::a_departure);
}

TEST_CASE("who leaves a region is heard there, and who looks at one for a moment is not") {
    const auto name = fresh_name();
    const auto r = make_region(name);
    const auto b = make_bell();
    b->listen(*r);
    make_bell()->listen(*r);
    CHECK(probe(detail::this_process() + 4, *r) == life::dead); // nobody
    sweep_regions(1000);
    CHECK_FALSE(is_ringing(*b));
    std::error_code error;
    REQUIRE(region::open(name, permissions::this_user, error) != nullptr); // and lets it go
    CHECK(is_ringing(*b));
    CHECK(b->silence() == bell::heard::a_departure);
}

TEST_CASE("a bell that listens no more hears nothing, and can be silenced") {
    const auto r = make_region(fresh_name());
    const auto b = make_bell();
    b->listen(*r);
    b->stop_listening(*r);
    CHECK(r->ring());
    b->silence();
    CHECK_FALSE(is_ringing(*b));
}

TEST_CASE("a bell listens to several regions, and to two mappings of one, until it has stopped with each") {
    const auto name = fresh_name();
    const auto one = make_region(name);
    const auto other = make_region(fresh_name());
    std::error_code error;
    const auto one_again = region::open(name, permissions::this_user, error);
    REQUIRE(one_again != nullptr);
    const auto b = make_bell();
    b->listen(*one);
    b->listen(*other);
    b->listen(*one_again);
    b->stop_listening(*one);
    b->silence();
    CHECK(one->ring());
    CHECK(b->silence() == bell::heard::a_region);
    b->stop_listening(*one_again);
    b->silence();
    CHECK(one->ring());
    CHECK_FALSE(is_ringing(*b));
    CHECK(other->ring());
    CHECK(b->silence() == bell::heard::a_region);
}

TEST_CASE("every bell that listens to a region hears one ring") {
    const auto r = make_region(fresh_name());
    std::vector<std::unique_ptr<bell>> bells;
    for (int i = 0; i < 5; ++i) {
        bells.push_back(make_bell());
        bells.back()->listen(*r);
    }
    CHECK(r->ring());
    for (const auto& b : bells)
        CHECK(b->silence() == bell::heard::a_region);
}
