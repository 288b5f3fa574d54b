// Blocked threads and awaiting coroutines on one word: both are served.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

// Each takes permits until the tasks are over, and leaves its count. A last permit for each ends it.
struct shared_work {
    semaphore arrived;
    semaphore permits;
    semaphore taken;
    event over{reset_mode::manual};
    detail::atomic<std::uint64_t> by_threads{0};
    detail::atomic<std::uint64_t> by_coroutines{0};
};

CROSSWAKE_ROLE(block) {
    named<shared_work> w{open_only, args[0]};
    w->arrived.release();
    for (;;) {
        w->permits.acquire();
        if (w->over.is_set())
            return 0;
        w->by_threads.fetch_add(1);
        w->taken.release();
    }
}

CROSSWAKE_ROLE(await) {
    named<shared_work> w{open_only, args[0]};
    asio::io_context io;
    for (int i = 0; i < 2; ++i)
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                for (;;) {
                    co_await async_acquire(w->permits);
                    if (w->over.is_set())
                        co_return;
                    w->by_coroutines.fetch_add(1);
                    w->taken.release();
                }
            },
            asio::detached);
    asio::post(io, [&] { w->arrived.release(); }); // after those two have begun to wait
    io.run();
    return 0;
}

TEST_CASE("with threads and coroutines always waiting for the same permits, neither kind starves") {
    constexpr std::uint64_t enough = 500, most = 1'000'000;
    const auto name = fresh_name();
    named<shared_work> w{create_only, name};
    std::vector<child> children;
    for (const auto* role : {"block", "block", "await", "await"})
        children.emplace_back(role, std::vector<std::string>{name});
    for (std::size_t i = 0; i < children.size(); ++i)
        w->arrived.acquire();
    // A permit goes to whoever comes first, so their shares depend on the system; both have some before long.
    std::uint64_t rounds = 0;
    while ((w->by_threads.load() < enough || w->by_coroutines.load() < enough) && rounds < most) {
        w->permits.release();
        w->taken.acquire();
        ++rounds;
    }
    const auto threads = w->by_threads.load();
    const auto coroutines = w->by_coroutines.load();
    MESSAGE("threads took ", threads, ", coroutines ", coroutines);
    CHECK(threads + coroutines == rounds);
    CHECK(threads >= enough);
    CHECK(coroutines >= enough);
    w->over.set();
    w->permits.release(6);
    for (auto& c : children)
        CHECK(c.wait() == 0);
    CHECK(w->permits.available() == 0);
}
