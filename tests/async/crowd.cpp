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
constexpr std::uint32_t fair_share = 60;
constexpr std::uint32_t most_items = 100'000;

struct ledger {
    semaphore here;     // one for each who awaits
    semaphore received; // one for each item
    std::atomic<std::uint32_t> shares[crowd_size]{};
    std::atomic<std::uint8_t> seen[most_items]{};
};

/// Pops until the queue is closed. Says that an item has come only when it awaits the next one: whoever is awake and
/// looks, is quicker than whoever is rung.
class receiver {
public:
    receiver(asio::io_context& context, queue<std::uint32_t>& items, ledger& l, std::size_t me)
        : context_(context), items_(items), ledger_(l), me_(me) {}

    void await() {
        async_pop(items_, asio::bind_executor(context_, [this](boost::system::error_code ec, std::uint32_t item) {
                      if (ec == errc::closed)
                          return;
                      if (ec || item >= most_items)
                          throw std::runtime_error("a pop failed: " + ec.message());
                      ++ledger_.seen[item];
                      ++ledger_.shares[me_];
                      await();
                      ledger_.received.release();
                  }));
    }

private:
    asio::io_context& context_;
    queue<std::uint32_t>& items_;
    ledger& ledger_;
    std::size_t me_;
};

void await_until_closed(queue<std::uint32_t>& items, ledger& l, std::size_t me) {
    asio::io_context context;
    receiver r{context, items, l, me};
    r.await();
    context.poll(); // from here on its loop sleeps
    l.here.release();
    context.run();
}

std::uint32_t smallest_share(const ledger& l) {
    return std::min_element(std::begin(l.shares), std::end(l.shares))->load();
}

std::uint32_t largest_share(const ledger& l) {
    return std::max_element(std::begin(l.shares), std::end(l.shares))->load();
}

void print_shares(const ledger& l, std::uint32_t items) {
    std::printf("%u items: shares from %u to %u\n", items, smallest_share(l), largest_share(l));
    std::fflush(stdout);
}

void serve_the_crowd(queue<std::uint32_t>& items, ledger& l) {
    // Through the segment each ring wakes everybody, and the quickest has the item: nothing bounds what a share may be.
    const bool all_are_rung = bell_mechanism_in_use() == bell_mechanism::segment;
    for (std::size_t i = 0; i < crowd_size; ++i)
        l.here.acquire();

    // One by one, each when the one before has arrived.
    std::uint32_t count = 0;
    const auto serve_one = [&] {
        items.push(count++);
        l.received.acquire();
    };
    // Until everybody had one. Who has just come may be awake, and take what another one was rung for.
    while (smallest_share(l) == 0 && count < most_items / 2)
        serve_one();
    print_shares(l, count);
    CHECK(smallest_share(l) > 0);
    if (!all_are_rung) {
        for (auto& share : l.shares)
            share = 0;
        for (auto n = crowd_size * fair_share; n-- > 0;)
            serve_one();
        print_shares(l, count);
        // The turn goes round: nobody is rung twice before everybody else was. Only who is awake just then, having been
        // preempted on its way to sleep, has one more.
        CHECK(smallest_share(l) >= fair_share * 9 / 10);
        CHECK(largest_share(l) <= fair_share * 11 / 10);
    }

    // As fast as it goes.
    const auto before = count;
    const auto many = static_cast<std::uint32_t>(knob("CROSSWAKE_TEST_ITEMS", all_are_rung ? 100 : 2000));
    for (; count < before + many; ++count)
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

CROSSWAKE_ROLE(receive) {
    named<queue<std::uint32_t>> items{open_only, args[0]};
    named<ledger> l{open_only, args[1]};
    await_until_closed(*items, *l, std::stoul(args[2]));
    return 0;
}

TEST_CASE("a crowd of processes rung in turn has the items in turn, each is received once, and closing ends it") {
    const auto items_name = fresh_name("items");
    const auto ledger_name = fresh_name("ledger");
    named<queue<std::uint32_t>> items{create_only, items_name, 64};
    named<ledger> l{create_only, ledger_name};
    std::vector<child> crowd;
    for (std::size_t i = 0; i < crowd_size; ++i)
        crowd.emplace_back("receive", std::vector<std::string>{items_name, ledger_name, std::to_string(i)});
    serve_the_crowd(*items, *l);
    for (auto& c : crowd)
        CHECK(c.wait() == 0);
}

TEST_CASE("a crowd of contexts in one process has the items in turn, too; each is received once, and closing ends it") {
    named<queue<std::uint32_t>> items{create_only, fresh_name("items"), 64};
    named<ledger> l{create_only, fresh_name("ledger")};
    std::vector<std::thread> crowd;
    for (std::size_t i = 0; i < crowd_size; ++i)
        crowd.emplace_back([&, i] { await_until_closed(*items, *l, i); });
    serve_the_crowd(*items, *l);
    for (auto& t : crowd)
        t.join();
}
