// How awaiting processes reach each other when nobody forces it: through the bell where that can be had, and through
// the segment where it cannot. Either way each wake-up arrives.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>
#include <crosswake/reactor.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

constexpr int used_direct = 10;
constexpr int used_segment = 11;

struct table {
    semaphore there;
    semaphore back;
};

} // namespace

// args: the table, "asks" or "answers", how often, whether as "nobody". Its exit code tells how it rang the other.
CROSSWAKE_ROLE(play) {
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

CROSSWAKE_ROLE(play_among_other_process_numbers) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"play", args}.wait();
}

CROSSWAKE_ROLE(make_a_reactor_of_a_mistyped_kind) {
    set_environment("CROSSWAKE_BELL", "pype");
    try {
        reactor r;
    } catch (const std::system_error& e) {
        const bool is_named = std::string(e.what()).find("CROSSWAKE_BELL") != std::string::npos;
        return e.code() == std::errc::invalid_argument && is_named ? 0 : 1;
    }
    return 2;
}

namespace {

struct result {
    int asker;
    int answerer;
};

result play(const std::string& asker_role, const std::string& asker, const std::string& answerer) {
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

} // namespace

TEST_CASE("processes of one user ring each other's bells") {
    const auto r = play("play", "itself", "itself");
    CHECK(r.asker == used_direct);
    CHECK(r.answerer == used_direct);
}

TEST_CASE("a process that may not look into another reaches it through the segment, and is reached") {
    const auto r = play("play", "nobody", "itself");
    if (permitted(r.asker)) {
        CHECK(r.asker == used_segment);
        // The other one is privileged, and may have found a way in.
        CHECK((r.answerer == used_direct || r.answerer == used_segment));
    }
}

TEST_CASE("processes that may not look into each other reach each other through the segment") {
    // Both have changed their user, which closes them to all but the privileged.
    if (permitted(play("play", "nobody", "itself").asker)) {
        const auto r = play("play", "nobody", "nobody");
        CHECK(r.asker == used_segment);
        CHECK(r.answerer == used_segment);
    }
}

TEST_CASE("processes that number processes differently reach each other through the segment") {
    const auto r = play("play_among_other_process_numbers", "itself", "itself");
    if (permitted(r.asker)) {
        CHECK(r.asker == used_segment);
        CHECK(r.answerer == used_segment);
    }
}

TEST_CASE("a mistyped mechanism is refused") {
    CHECK(child{"make_a_reactor_of_a_mistyped_kind"}.wait() == 0);
}
