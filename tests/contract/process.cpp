// CONTRACT process.
#include <contract/theatre.hpp>

#include <support/names.hpp>
#include <support/role.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <backend/process.hpp>
#include <crosswake/detail/owner.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <thread>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

CROSSWAKE_ROLE(close_the_region) {
    subject me(args);
    me.s->ready.release();
    me.s->next.acquire();
    me.where.reset();
    me.s->ready.release();
    me.s->next.acquire();
    return 0;
}

CROSSWAKE_ROLE(leave_by_the_first_thread) {
    static std::optional<subject> me;
    me.emplace(args);
    std::thread([] {
        until_ended(own_process());
        me->s->ready.release();
        me->s->next.acquire();
        std::_Exit(0);
    }).detach();
    end_this_thread();
}

TEST_CASE("a token packs and unpacks to what it was made of, and leaves two bits for flags") {
    for (const std::uint32_t pid : {1U, 4321U, token_pid_limit - 1})
        for (const std::uint32_t space : {0U, 1U, 0xffffU})
            for (const std::uint32_t birth : {0U, 77U, 0x3f'ffffU}) {
                const auto token = pack({pid, space, birth});
                CHECK((token & detail::owner_flags) == 0);
                const auto fields = unpack(token);
                CHECK(fields.pid == pid);
                CHECK(fields.pid_namespace == space);
                CHECK(fields.birth == birth);
                CHECK(unpack(token | detail::owner_flags).pid == pid);
            }
}

TEST_CASE("a process has one token, in all its threads, and it is not nobody's") {
    const auto mine = detail::this_process();
    CHECK(mine != detail::nobody);
    CHECK(identify() == mine);
    CHECK(detail::this_process() == mine);
    detail::owner_token other = 0;
    std::thread([&] { other = detail::this_process(); }).join();
    CHECK(other == mine);
    CHECK(identity_cell().load() == mine);
}

TEST_CASE("processes have different tokens, one after the other too") {
    theatre t;
    std::set<detail::owner_token> seen{detail::this_process()};
    for (int i = 0; i < 5; ++i) {
        auto c = t.start("live");
        CHECK(seen.insert(t.s->token.load()).second);
        t.s->next.release();
        CHECK(c.wait() == 0);
    }
}

TEST_CASE("a process is alive to itself") {
    const auto r = make_page(fresh_name());
    CHECK(probe(detail::this_process(), *r) == life::alive);
}

TEST_CASE("a process that lives is alive, and dead when it has been killed, or has ended by itself") {
    for (const bool is_killed : {false, true}) {
        theatre t;
        auto c = t.start("live");
        CHECK(t.look() == life::alive);
        if (is_killed) {
            c.kill();
        } else {
            t.s->next.release();
            CHECK(c.wait() == 0);
        }
        CHECK(t.look() == life::dead);
    }
}

TEST_CASE("a process that has ended and whose parent has not asked yet is dead") {
    theatre t;
    auto c = t.start("live");
    t.s->next.release();
    until_ended(c.pid());
    CHECK(t.look() == life::dead);
    CHECK(c.wait() == 0);
}

TEST_CASE("a stopped process is alive") {
    theatre t;
    auto c = t.start("live");
    c.stop();
    CHECK(t.look() == life::alive);
    c.resume();
    CHECK(t.look() == life::alive);
    c.stop();
    c.kill();
    CHECK(t.look() == life::dead);
}

TEST_CASE("a process that has closed the region is dead for that region, and alive for others") {
    theatre t;
    auto c = t.start("close_the_region");
    CHECK(t.look() == life::alive);
    t.s->next.release();
    t.s->ready.acquire();
    CHECK(t.look() == life::dead);
    t.s->next.release();
    CHECK(c.wait() == 0);
}

TEST_CASE("a process whose first thread has ended lives while another runs") {
    theatre t;
    auto c = t.start("leave_by_the_first_thread");
    CHECK(t.look() == life::alive);
    t.s->next.release();
    CHECK(c.wait() == 0);
    CHECK(t.look() == life::dead);
}

TEST_CASE("a token with another birth is of a process that is dead, though its number is in use") {
    const auto r = make_page(fresh_name());
    theatre t;
    auto c = t.start("live");
    auto fields = unpack(t.s->token.load());
    fields.birth = (fields.birth + 1) & 0x3f'ffff;
    CHECK(probe(pack(fields), *t.where) == life::dead);
    t.s->next.release();
    CHECK(c.wait() == 0);
}

TEST_CASE("random numbers do not repeat") {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i)
        CHECK(seen.insert(random_number()).second);
}
