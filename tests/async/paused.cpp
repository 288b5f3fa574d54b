// A process that is stopped, wherever it is just then, keeps nobody from being woken by others.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>
#include <support/spin.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

struct studio {
    semaphore noise; // released without end by the one who gets stopped
    semaphore gift;  // released on request by another
    semaphore wish;
    std::atomic<std::uint32_t> given{0}; // counted after the release
    std::atomic<std::uint32_t> over{0};
};

void rethrow(const std::exception_ptr& e) {
    if (e)
        std::rethrow_exception(e);
}

asio::awaitable<void> take_until_over(studio& s, semaphore& what, std::atomic<std::uint32_t>& taken) {
    while (s.over == 0) {
        co_await async_acquire(what, asio::use_awaitable);
        ++taken;
    }
}

} // namespace

CROSSWAKE_ROLE(make_noise) {
    named<studio> s{open_only, args[0]};
    while (s->over == 0)
        if (s->noise.available() == 0) // more, and the sleeper would be too busy to need a ring
            s->noise.release();
    return 0;
}

// Gives the noise or the gift, as the argument says.
CROSSWAKE_ROLE(give) {
    named<studio> s{open_only, args[0]};
    auto& what = args[1] == "noise" ? s->noise : s->gift;
    for (;;) {
        s->wish.acquire();
        if (s->over != 0)
            return 0;
        what.release();
        ++s->given;
    }
}

TEST_CASE("a process that is stopped in the midst of ringing mutes nobody: what others release arrives each time") {
    const auto stops = knob("CROSSWAKE_TEST_STOPS", 200);
    for (const std::string word : {"noise", "gift"}) { // the one that it rings for, or another one of the same sleeper
        CAPTURE(word);
        const auto name = fresh_name();
        named<studio> s{create_only, name};
        child noisy{"make_noise", {name}};
        child other{"give", {name, word}};
        std::atomic<std::uint32_t> noise{0};
        std::atomic<std::uint32_t> gifts{0};
        std::thread sleeper([&] {
            asio::io_context context;
            asio::co_spawn(context, take_until_over(*s, s->noise, noise), rethrow);
            asio::co_spawn(context, take_until_over(*s, s->gift, gifts), rethrow);
            context.run();
        });
        while (noise == 0) // or it may be stopped each time before it has even begun
            std::this_thread::yield();
        auto random = generator();
        std::uint32_t asked = 0;
        for (std::uint64_t i = 0; i < stops; ++i) {
            spin(random() % 50'000);
            noisy.stop();
            // What the stopped one has left is taken away here, so that what comes now comes from the other.
            while (s->noise.try_acquire()) {
            }
            for (int k = 0; k < 3; ++k) {
                s->wish.release();
                ++asked;
                while (s->given != asked || s->noise.available() != 0 || s->gift.available() != 0)
                    std::this_thread::yield();
            }
            noisy.resume();
        }
        while (word == "gift" && gifts != asked) // each is counted a little after it was taken
            std::this_thread::yield();
        s->over = 1;
        CHECK(noisy.wait() == 0);
        s->wish.release();
        CHECK(other.wait() == 0);
        s->noise.release();
        s->gift.release();
        sleeper.join();
    }
}

// Pops until the queue is closed, and tells of each item.
CROSSWAKE_ROLE(pop_and_tell) {
    named<queue<int>> items{open_only, args[0]};
    named<semaphore> received{open_only, args[1]};
    named<semaphore> here{open_only, args[2]};
    asio::io_context context;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            for (;;) {
                auto [ec, item] = co_await async_pop(*items, asio::as_tuple(asio::use_awaitable));
                if (ec)
                    co_return;
                received->release();
            }
        },
        rethrow);
    context.poll();
    here->release();
    context.run();
    return 0;
}

TEST_CASE("a process that is stopped while it waits may keep one wake-up to itself, and no more") {
    const auto rounds = knob("CROSSWAKE_TEST_STOPS", 200) / 4;
    constexpr int items_each = 20;
    named<queue<int>> items{create_only, fresh_name("items"), 64};
    named<semaphore> received{create_only, fresh_name("received")};
    named<semaphore> here{create_only, fresh_name("here")};
    const std::vector<std::string> names{items.name(), received.name(), here.name()};
    child stopped{"pop_and_tell", names};
    here->acquire();
    child second{"pop_and_tell", names};
    here->acquire();
    child third{"pop_and_tell", names};
    here->acquire();
    for (std::uint64_t i = 0; i < rounds; ++i) {
        until_asleep(stopped.pid());
        until_asleep(second.pid());
        until_asleep(third.pid());
        stopped.stop();
        items->push(0);
        for (int k = 1; k < items_each; ++k) {
            items->push(k);
            received->acquire(); // each further push brings at least one further
        }
        stopped.resume();
        received->acquire();
        CHECK(received->available() == 0);
        CHECK(items->empty());
    }
    items->close();
    CHECK(stopped.wait() == 0);
    CHECK(second.wait() == 0);
    CHECK(third.wait() == 0);
}

CROSSWAKE_ROLE(await_gifts) {
    named<studio> s{open_only, args[0]};
    std::atomic<std::uint32_t> taken{0};
    asio::io_context context;
    asio::co_spawn(context, take_until_over(*s, s->gift, taken), rethrow);
    asio::post(context, [&] { s->noise.release(); });
    context.run();
    return 0;
}

TEST_CASE("a process that is stopped while it waits stands between no blocked thread and its later wake-ups") {
    const auto name = fresh_name();
    named<studio> s{create_only, name};
    child stopped{"await_gifts", {name}};
    s->noise.acquire();
    until_asleep(stopped.pid());
    stopped.stop();
    s->gift.release();
    REQUIRE(s->gift.try_acquire()); // it may keep one wake-up to itself: this one
    for (int i = 0; i < 50; ++i) {
        sleeper blocked([&] { s->gift.acquire(); });
        blocked.until_asleep();
        s->gift.release();
    }
    s->over = 1;
    s->gift.release();
    stopped.resume();
    CHECK(stopped.wait() == 0);
}
