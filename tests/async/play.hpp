// Two awaiting processes that play back and forth, and tell how they rang each other.
#pragma once

#include <support/child.hpp>
#include <support/names.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <string>

namespace crosswake::test {

inline constexpr int used_direct = 10;
inline constexpr int used_segment = 11;

struct table {
    semaphore there;
    semaphore back;
};

struct result {
    int asker;
    int answerer;
};

/// How both of them rang, or that one of them lacks a right. Each is "itself" or "nobody".
inline result play(const std::string& asker_role, const std::string& asker, const std::string& answerer) {
    const auto name = fresh_name();
    named<table> t{create_only, name, permissions::everyone};
    const std::string times = "2000";
    child a{"play", {name, "answers", times, answerer}};
    child b{asker_role, {name, "asks", times, asker}};
    const auto of_b = b.wait();
    // Without its partner the other one would wait for ever.
    if (of_b == not_permitted_here)
        a.kill();
    const result r{of_b, of_b == not_permitted_here ? of_b : a.wait()};
    if (of_b != not_permitted_here) {
        CHECK(t->there.available() == 0);
        CHECK(t->back.available() == 0);
    }
    return r;
}

} // namespace crosswake::test

// args: the table, "asks" or "answers", how often, whether as "nobody". Its exit code tells how it rang the other.
CROSSWAKE_ROLE(play) {
    using namespace crosswake;
    using namespace crosswake::test;
    namespace asio = boost::asio;
    set_environment("CROSSWAKE_BELL", "");
    if (args[3] == "nobody" && !become_nobody())
        return not_permitted_here;
    named<table> t{open_only, args[0], permissions::everyone};
    const bool asks = args[1] == "asks";
    auto& mine = asks ? t->back : t->there;
    auto& others = asks ? t->there : t->back;
    asio::io_context context;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            for (auto n = std::stoi(args[2]); n-- > 0;) {
                if (asks)
                    others.release();
                co_await async_acquire(mine);
                if (!asks)
                    others.release();
            }
        },
        asio::detached);
    context.run();
    return bell_mechanism_in_use() == bell_mechanism::segment ? used_segment : used_direct;
}
