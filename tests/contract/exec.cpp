// CONTRACT process: a process that runs another program.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <backend/process.hpp>
#include <backend/region.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <system_error>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

constexpr std::size_t page = 4096;

struct stage {
    std::atomic<detail::owner_token> token{0};
    semaphore ready;
    semaphore next;
};

} // namespace

// args: region, stage.
CROSSWAKE_ROLE(be_another_program) {
    named<stage> s{open_only, args[1]};
    s->ready.release();
    s->next.acquire();
    return 0;
}

CROSSWAKE_ROLE(become_another_program) {
    named<stage> s{open_only, args[1]};
    std::error_code error;
    const auto where = region::open(args[0], permissions::this_user, error);
    if (where == nullptr)
        return 1;
    s->token.store(detail::this_process());
    child::become("be_another_program", args);
}

TEST_CASE("a process that runs another program now is dead: it has the region no more") {
    struct : region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    const auto region_name = fresh_name("region");
    const auto stage_name = fresh_name("stage");
    std::error_code error;
    const auto where = region::create(region_name, page, page, permissions::this_user, initialise, error);
    REQUIRE(where != nullptr);
    named<stage> s{create_only, stage_name};
    child c{"become_another_program", {region_name, stage_name}};
    s->ready.acquire();
    CHECK(probe(s->token.load(), *where) == life::dead);
    s->next.release();
    CHECK(c.wait() == 0);
}
