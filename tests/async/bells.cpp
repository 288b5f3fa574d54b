// One sleeper, several who ring its one bell at the same moment, each for a word of its own.
#include <support/child.hpp>
#include <support/held_ring.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/spin.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t ringers = 3;

struct belfry {
    semaphore start[ringers];
    semaphore word[ringers];
};

struct held_belfry {
    semaphore words[2];
    semaphore held; // it is in the midst of ringing
    semaphore go_on;
};

constexpr int not_possible_here = 77;

} // namespace

CROSSWAKE_ROLE(ring_when_told) {
    named<belfry> b{open_only, args[0]};
    const auto me = std::stoul(args[1]);
    auto random = generator(std::stoull(args[2]));
    for (auto n = std::stoul(args[3]); n-- > 0;) {
        b->start[me].acquire();
        spin(random() % 2000);
        b->word[me].release();
    }
    return 0;
}

TEST_CASE("several that ring one bell at the same moment are all heard, every time") {
    const auto rounds = knob("CROSSWAKE_TEST_RINGS", 50'000);
    const auto name = fresh_name();
    named<belfry> b{create_only, name};
    std::vector<child> children;
    for (std::size_t i = 0; i < ringers; ++i)
        children.emplace_back("ring_when_told", std::vector<std::string>{name, std::to_string(i), std::to_string(i + 1),
                                                                         std::to_string(rounds)});
    asio::io_context context;
    std::uint64_t round = 0;
    std::size_t missing = 0;
    const auto begin_round = [&] {
        missing = ringers;
        for (auto& s : b->start)
            s.release();
    };
    for (auto& word : b->word)
        asio::co_spawn(
            context,
            [&]() -> asio::awaitable<void> {
                for (std::uint64_t mine = 0; mine < rounds; ++mine) {
                    co_await async_acquire(word);
                    // Nobody rings again before all were heard, so a ring that is lost stays lost.
                    if (--missing == 0 && ++round < rounds)
                        begin_round();
                }
            },
            asio::detached);
    context.poll();
    begin_round();
    context.run();
    CHECK(round == rounds);
    for (auto& c : children)
        CHECK(c.wait() == 0);
}

CROSSWAKE_ROLE(ring_and_be_held) {
    named<held_belfry> b{open_only, args[0]};
    const auto held = [name = args[0]] {
        named<held_belfry> mine{open_only, name};
        mine->held.release();
        mine->go_on.acquire();
    };
    if (!hold_rings(held)) {
        b->held.release();
        return not_possible_here;
    }
    b->words[0].release();
    return 0;
}

CROSSWAKE_ROLE(ring_once) {
    named<held_belfry> b{open_only, args[0]};
    b->words[std::stoul(args[1])].release();
    return 0;
}

TEST_CASE("one that is paused between saying that it rings and ringing mutes nobody") {
    if (bell_mechanism_in_use() == bell_mechanism::segment)
        return;                               // there is no saying so: each ring through a segment is a system call
    for (const std::size_t word : {0u, 1u}) { // what it rings for, or another word of the same sleeper
        CAPTURE(word);
        const auto name = fresh_name();
        named<held_belfry> b{create_only, name};
        asio::io_context context;
        int woken[2] = {};
        for (const std::size_t i : {0u, 1u})
            async_acquire(context.get_executor(), b->words[i], [&woken, i](error_code ec) { woken[i] += ec ? 0 : 1; });
        context.poll();
        child paused{"ring_and_be_held", {name}};
        b->held.acquire();
        if (b->words[0].available() == 0) {
            CHECK(paused.wait() == not_possible_here);
            MESSAGE("not possible here");
            return;
        }
        // It has added its permit and not yet rung.
        CHECK(woken[0] + woken[1] == 0);
        child other{"ring_once", {name, std::to_string(word)}};
        while (woken[word] == 0)
            context.run_one(); // sleeps until somebody rings
        CHECK(other.wait() == 0);
        b->go_on.release();
        CHECK(paused.wait() == 0);
        if (word == 0)
            b->words[1].release();
        context.run();
        CHECK(woken[0] == 1);
        CHECK(woken[1] == 1);
    }
}
