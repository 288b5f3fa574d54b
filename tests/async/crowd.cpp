// More reactors than there are private seats, all of them awaiting one queue.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

constexpr std::size_t crowd_size = 70; // 63 of them have a seat of their own
constexpr std::uint32_t most_items = 100'000;

struct ledger {
    semaphore here;     // one for each who awaits
    semaphore received; // one for each item
    std::atomic<std::uint32_t> shares[crowd_size]{};
    std::atomic<std::uint8_t> seen[most_items]{};
};

asio::awaitable<void> receive(queue<std::uint32_t>& items, ledger& l, std::size_t me) {
    for (;;) {
        auto [ec, item] = co_await async_pop(items, asio::as_tuple(asio::use_awaitable));
        if (ec == errc::closed)
            co_return;
        if (ec || item >= most_items)
            throw std::runtime_error("a pop failed: " + ec.message());
        ++l.seen[item];
        ++l.shares[me];
        l.received.release();
    }
}

void await_until_closed(queue<std::uint32_t>& items, ledger& l, std::size_t me) {
    asio::io_context context;
    asio::co_spawn(context, receive(items, l, me), [](const std::exception_ptr& e) {
        if (e)
            std::rethrow_exception(e);
    });
    context.poll(); // from here on it waits
    l.here.release();
    context.run();
}

std::uint32_t smallest_share(const ledger& l) {
    return std::min_element(std::begin(l.shares), std::end(l.shares))->load();
}

void print_shares(const ledger& l, std::uint32_t items) {
    std::printf("%u items: shares from %u to %u\n", items, smallest_share(l),
                std::max_element(std::begin(l.shares), std::end(l.shares))->load());
    std::fflush(stdout);
}

void serve_the_crowd(queue<std::uint32_t>& items, ledger& l) {
    // Through the segment each ring wakes everybody, all of the time.
    const bool costly = bell_mechanism_in_use() == bell_mechanism::segment;
    const auto some = static_cast<std::uint32_t>(knob("CROSSWAKE_TEST_ITEMS", costly ? 100 : 2000));
    for (std::size_t i = 0; i < crowd_size; ++i)
        l.here.acquire();

    // One by one, each when the one before has arrived, until everybody had his share.
    std::uint32_t count = 0;
    for (; (count < some || smallest_share(l) == 0) && count + some < most_items; ++count) {
        items.push(count);
        l.received.acquire();
    }
    print_shares(l, count);
    CHECK(smallest_share(l) > 0);

    // As fast as it goes.
    const auto before = count;
    for (; count < before + some; ++count)
        items.push(count);
    for (auto i = before; i < count; ++i)
        l.received.acquire();
    print_shares(l, count);
    items.close();
    CHECK(std::all_of(l.seen, l.seen + count, [](const auto& n) { return n == 1; }));
    CHECK(std::all_of(l.seen + count, std::end(l.seen), [](const auto& n) { return n == 0; }));
    CHECK(l.received.available() == 0);
}

} // namespace

CROSSWAKE_ROLE(receiver) {
    named<queue<std::uint32_t>> items{open_only, args[0]};
    named<ledger> l{open_only, args[1]};
    await_until_closed(*items, *l, std::stoul(args[2]));
    return 0;
}

TEST_CASE("a crowd of processes receives each item once, nobody starves, and closing the queue releases all") {
    const auto items_name = fresh_name("items");
    const auto ledger_name = fresh_name("ledger");
    named<queue<std::uint32_t>> items{create_only, items_name, 64};
    named<ledger> l{create_only, ledger_name};
    std::vector<child> crowd;
    for (std::size_t i = 0; i < crowd_size; ++i)
        crowd.emplace_back("receiver", std::vector<std::string>{items_name, ledger_name, std::to_string(i)});
    serve_the_crowd(*items, *l);
    for (auto& c : crowd)
        CHECK(c.wait() == 0);
}

TEST_CASE("a crowd of contexts in one process receives each item once, nobody starves, and closing releases all") {
    named<queue<std::uint32_t>> items{create_only, fresh_name("items"), 64};
    named<ledger> l{create_only, fresh_name("ledger")};
    std::vector<std::thread> crowd;
    for (std::size_t i = 0; i < crowd_size; ++i)
        crowd.emplace_back([&, i] { await_until_closed(*items, *l, i); });
    serve_the_crowd(*items, *l);
    for (auto& t : crowd)
        t.join();
}
