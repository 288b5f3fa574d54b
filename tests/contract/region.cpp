// CONTRACT region.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <backend/region.hpp>
#include <crosswake/error.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

constexpr std::size_t page = 4096;

using cell = std::atomic<std::uint64_t>;

cell& cell_in(const region& r) {
    return *reinterpret_cast<cell*>(r.bytes() + region::backend_bytes);
}

struct fill final : region::initialiser {
    explicit fill(std::uint64_t v) : value(v) {}
    void operator()(std::byte* bytes) override { ::new (bytes + region::backend_bytes) cell(value); }
    std::uint64_t value;
};

std::unique_ptr<region> make(const std::string& name, std::error_code& error, std::uint64_t value = 0,
                             permissions who = permissions::this_user) {
    fill initialise(value);
    return region::create(name, page, page, who, initialise, error);
}

std::unique_ptr<region> make(const std::string& name, std::uint64_t value = 0) {
    std::error_code error;
    auto r = make(name, error, value);
    REQUIRE_FALSE(error);
    REQUIRE(r != nullptr);
    return r;
}

std::unique_ptr<region> open(const std::string& name, std::error_code& error) {
    return region::open(name, permissions::this_user, error);
}

bool is_open_to_nobody(const std::string& name) {
    std::error_code error;
    return open(name, error) == nullptr && error == errc::not_found;
}

} // namespace

// args: region, semaphore that says that it is open, semaphore that tells to leave.
CROSSWAKE_ROLE(keep_open) {
    std::error_code error;
    const auto r = open(args[0], error);
    if (r == nullptr)
        return 1;
    named<semaphore> ready{open_only, args[1]};
    named<semaphore> leave{open_only, args[2]};
    ready->release();
    leave->acquire();
    return 0;
}

CROSSWAKE_ROLE(create_and_die) {
    std::error_code error;
    const auto r = make(args[0], error, 1);
    child::kill_myself();
}

CROSSWAKE_ROLE(die_while_creating) {
    struct : region::initialiser {
        void operator()(std::byte*) override { child::kill_myself(); }
    } initialise;
    std::error_code error;
    (void)region::create(args[0], page, page, permissions::this_user, initialise, error);
    return 1;
}

CROSSWAKE_ROLE(stop_while_creating) {
    struct stopping final : region::initialiser {
        explicit stopping(semaphore& s) : ready(&s) {}
        void operator()(std::byte*) override {
            ready->release();
            child::stop_myself();
        }
        semaphore* ready;
    };
    named<semaphore> ready{open_only, args[1]};
    stopping initialise{*ready};
    std::error_code error;
    const auto r = region::create(args[0], page, page, permissions::this_user, initialise, error);
    return r == nullptr && error == errc::already_exists ? 0 : 1;
}

// args: region, how often, which stream of random numbers. The cell marks one region among its successors.
CROSSWAKE_ROLE(come_and_go) {
    auto random = generator(std::stoul(args[2]));
    for (auto n = std::stoul(args[1]); n-- > 0;) {
        std::error_code error;
        std::unique_ptr<region> r;
        while (r == nullptr) {
            r = random() % 2 == 0 ? open(args[0], error) : make(args[0], error, random() | 1);
            if (error && error != errc::not_found && error != errc::already_exists)
                return 1;
        }
        const auto mark = cell_in(*r).load();
        if (mark == 0)
            return 2; // a half-made one
        const auto again = open(args[0], error);
        if (again == nullptr || cell_in(*again).load() != mark)
            return 3; // while this process has it open, the name stands for it and for nothing else
        if (make(args[0], error, 1) != nullptr || error != errc::already_exists)
            return 4;
    }
    return 0;
}

TEST_CASE("a new region reads as zeros but for what its maker wrote, and every opener sees the same bytes") {
    const auto name = fresh_name();
    struct : region::initialiser {
        void operator()(std::byte* bytes) override {
            for (std::size_t i = 0; i < 3 * page; ++i)
                all_zero = all_zero && (i < region::backend_bytes || bytes[i] == std::byte{0});
            bytes[3 * page - 1] = std::byte{7};
        }
        bool all_zero = true;
    } initialise;
    std::error_code error;
    const auto r = region::create(name, 3 * page, 3 * page, permissions::this_user, initialise, error);
    REQUIRE_FALSE(error);
    CHECK(initialise.all_zero);
    CHECK(r->size() == 3 * page);
    const auto other = open(name, error);
    REQUIRE(other != nullptr);
    CHECK_FALSE(error);
    CHECK(other->size() == 3 * page);
    CHECK(other->bytes()[3 * page - 1] == std::byte{7});
    r->bytes()[page] = std::byte{9};
    CHECK(other->bytes()[page] == std::byte{9});
}

TEST_CASE("what has no name cannot be opened, and what has one cannot be created again") {
    const auto name = fresh_name();
    CHECK(is_open_to_nobody(name));
    const auto r = make(name, 5);
    std::error_code error;
    CHECK(make(name, error, 6) == nullptr);
    CHECK(error == errc::already_exists);
    CHECK(cell_in(*r).load() == 5);
}

TEST_CASE("a creation that is refused changes nothing about whom the region lets in") {
    const auto name = fresh_name();
    constexpr permissions all[] = {permissions::this_user, permissions::group, permissions::everyone};
    std::vector<std::string> accesses;
    for (const auto mine : all) {
        std::error_code error;
        const auto r = make(name, error, 1, mine);
        REQUIRE(r != nullptr);
        accesses.push_back(raw_object(name).access());
        for (const auto theirs : all) {
            CHECK(make(name, error, 2, theirs) == nullptr);
            CHECK(error == errc::already_exists);
            CHECK(raw_object(name).access() == accesses.back());
        }
    }
    CHECK(accesses[0] != accesses[1]);
    CHECK(accesses[0] != accesses[2]);
}

TEST_CASE("a region lives while anybody has it open, and its name goes with the last one") {
    const auto name = fresh_name();
    auto first = make(name, 3);
    std::error_code error;
    auto second = open(name, error);
    first.reset();
    auto third = open(name, error);
    REQUIRE(third != nullptr);
    CHECK(cell_in(*third).load() == 3);
    second.reset();
    CHECK(raw_object::exists(name));
    third.reset();
    CHECK_FALSE(raw_object::exists(name));
    CHECK(is_open_to_nobody(name));
}

TEST_CASE("another process that has the region open keeps it alive") {
    const auto name = fresh_name();
    const auto ready_name = fresh_name();
    const auto leave_name = fresh_name();
    named<semaphore> ready{create_only, ready_name};
    named<semaphore> leave{create_only, leave_name};
    auto r = make(name, 8);
    child c{"keep_open", {name, ready_name, leave_name}};
    ready->acquire();
    r.reset();
    std::error_code error;
    r = open(name, error);
    REQUIRE(r != nullptr);
    CHECK(cell_in(*r).load() == 8);
    r.reset();
    leave->release();
    CHECK(c.wait() == 0);
    CHECK_FALSE(raw_object::exists(name));
}

TEST_CASE(
    "a region whose holders were killed is dead: a fresh one takes its place, and nothing of the old one is in it") {
    const auto name = fresh_name();
    child{"create_and_die", {name}}.wait();
    CHECK(is_open_to_nobody(name));
    child{"create_and_die", {name}}.wait();
    const auto r = make(name, 2);
    CHECK(cell_in(*r).load() == 2);
}

TEST_CASE("a region that a killed process shared with a living one is alive") {
    const auto name = fresh_name();
    const auto ready_name = fresh_name();
    const auto leave_name = fresh_name();
    named<semaphore> ready{create_only, ready_name};
    named<semaphore> leave{create_only, leave_name};
    const auto r = make(name, 4);
    child c{"keep_open", {name, ready_name, leave_name}};
    ready->acquire();
    c.kill();
    std::error_code error;
    const auto again = open(name, error);
    REQUIRE(again != nullptr);
    CHECK(cell_in(*again).load() == 4);
}

TEST_CASE("a creator that is killed before the region has its name leaves nothing") {
    const auto name = fresh_name();
    child c{"die_while_creating", {name}};
    CHECK(c.wait() < 0);
    CHECK_FALSE(raw_object::exists(name));
    CHECK(is_open_to_nobody(name));
}

TEST_CASE(
    "a creator that is stopped before the region has its name is in nobody's way, and finds that it came too late") {
    const auto name = fresh_name();
    const auto ready_name = fresh_name();
    named<semaphore> ready{create_only, ready_name};
    child c{"stop_while_creating", {name, ready_name}};
    ready->acquire();
    CHECK(is_open_to_nobody(name));
    const auto r = make(name, 6);
    until_stopped(c.pid());
    c.resume();
    CHECK(c.wait() == 0);
    CHECK(cell_in(*r).load() == 6);
}

TEST_CASE("an initialiser that throws leaves nothing") {
    const auto name = fresh_name();
    struct : region::initialiser {
        void operator()(std::byte*) override { throw std::runtime_error("no"); }
    } initialise;
    const auto before = descriptor_count();
    std::error_code error;
    CHECK_THROWS_AS((void)region::create(name, page, page, permissions::this_user, initialise, error),
                    std::runtime_error);
    CHECK_FALSE(raw_object::exists(name));
    CHECK(descriptor_count() == before);
}

TEST_CASE("more pages can be set aside later, and can be written to") {
    const auto name = fresh_name();
    fill initialise(1);
    std::error_code error;
    const auto r = region::create(name, 64 * page, page, permissions::this_user, initialise, error);
    REQUIRE(r != nullptr);
    CHECK_FALSE(r->reserve(10 * page, 5 * page));
    std::memset(r->bytes() + 10 * page, 1, 5 * page);
    CHECK(r->size() == 64 * page);
}

TEST_CASE("what is in the way of a name and is no region is refused, and not touched") {
    const auto name = fresh_name();
    raw_object nothing(name);
    std::error_code error;
    CHECK(open(name, error) == nullptr);
    CHECK(error == errc::corrupted);
    CHECK(make(name, error) == nullptr);
    CHECK(error == errc::already_exists);
    CHECK(nothing.size() == 0);
}

TEST_CASE("a sweep removes what the dead have left, and nothing of the living") {
    const auto dead = fresh_name("dead");
    const auto living = fresh_name("living");
    const auto r = make(living, 1);
    child{"create_and_die", {dead}}.wait();
    // Another test program may sweep at the same time, and be the one that removes it.
    while (raw_object::exists(dead))
        sweep_regions(1000);
    CHECK(raw_object::exists(living));
    std::error_code error;
    CHECK(open(living, error) != nullptr);
}

TEST_CASE("a bounded sweep looks at other names each time, until it has seen them all") {
    std::vector<std::unique_ptr<region>> living;
    // Some before the dead one and some after it, wherever in a directory the system puts what is new.
    const auto more_that_live = [&living] {
        for (int i = 0; i < 30; ++i)
            living.push_back(make(fresh_name("living")));
    };
    more_that_live();
    const auto dead = fresh_name("dead");
    child{"create_and_die", {dead}}.wait();
    more_that_live();
    // Bounded by calls: it takes few, and some time later somebody else's sweep would have removed it.
    for (int calls = 0; raw_object::exists(dead) && calls < 10'000; ++calls)
        sweep_regions(3);
    CHECK_FALSE(raw_object::exists(dead));
}

// Everyone opens or creates at random, and leaves at once. A process that has the region open must find exactly that
// one under its name, whoever leaves, removes or creates at the same time.
TEST_CASE("there are never two live regions of one name, however many processes come and go") {
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 3000);
    const auto name = fresh_name();
    std::vector<child> children;
    for (int i = 0; i < 4; ++i)
        children.emplace_back("come_and_go",
                              std::vector<std::string>{name, std::to_string(rounds), std::to_string(i + 1)});
    for (auto& c : children)
        CHECK(c.wait() == 0);
    CHECK_FALSE(raw_object::exists(name));
}
