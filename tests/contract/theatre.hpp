// A process that is looked at, and those who look.
#pragma once

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
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>

namespace crosswake::test {

inline std::unique_ptr<backend::region> make_page(const std::string& name) {
    struct : backend::region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    constexpr std::size_t page = 4096;
    std::error_code error;
    auto r = backend::region::create(name, page, page, permissions::this_user, initialise, error);
    REQUIRE_FALSE(error);
    return r;
}

/// What a subject, which the tests look at, tells them.
struct stage {
    std::atomic<detail::owner_token> token{0};
    semaphore ready;
    semaphore next;
};

/// args: region, stage.
struct subject {
    explicit subject(const role_arguments& args) : s(open_only, args[1]) {
        std::error_code error;
        where = backend::region::open(args[0], permissions::this_user, error);
        if (error)
            throw std::system_error(error, "region");
        s->token.store(detail::this_process());
    }
    named<stage> s;
    std::unique_ptr<backend::region> where;
};

/// The tests' side of it.
struct theatre {
    std::string region_name = fresh_name("region");
    std::string stage_name = fresh_name("stage");
    std::unique_ptr<backend::region> where = make_page(region_name);
    named<stage> s{create_only, stage_name};

    child start(const char* role) {
        child c{role, {region_name, stage_name}};
        s->ready.acquire();
        return c;
    }
    backend::life look() { return backend::probe(s->token.load(), *where); }
};

} // namespace crosswake::test

CROSSWAKE_ROLE(live) {
    crosswake::test::subject me(args);
    me.s->ready.release();
    me.s->next.acquire();
    return 0;
}
