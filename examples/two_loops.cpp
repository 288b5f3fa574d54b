// Two processes, an event loop in each, and two queues between them, one for either direction.
//
//     two_loops                     starts itself a second time, as the other side
//     two_loops --rounds 100000
//
// First they take turns: a number goes over, and comes back doubled; that is one round, and it is timed. Then both talk
// at once: each sends all numbers from 1 on while it adds up what it hears, in one thread, through queues of 64.
#include "boost_process.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;
using steady = std::chrono::steady_clock;

using numbers = cw::queue<std::uint64_t, 64>;
struct line {
    numbers there; // from the one who calls to the one who answers
    numbers back;
};

asio::awaitable<void> talk(numbers& to, std::uint64_t last) {
    for (std::uint64_t i = 1; i <= last; ++i)
        co_await cw::async_push(to, i);
}

asio::awaitable<std::uint64_t> listen(numbers& from, std::uint64_t count) {
    std::uint64_t sum = 0;
    for (; count > 0; --count)
        sum += co_await cw::async_pop(from);
    co_return sum;
}

asio::awaitable<void> call(line& l, std::uint64_t rounds) {
    std::vector<double> us;
    for (std::uint64_t i = 1; i <= rounds; ++i) {
        const auto start = steady::now();
        co_await cw::async_push(l.there, i);
        if (const auto answer = co_await cw::async_pop(l.back); answer != 2 * i)
            throw std::runtime_error(fmt::format("the answer to {} was {}", i, answer));
        us.push_back(std::chrono::duration<double, std::micro>(steady::now() - start).count());
    }
    std::sort(us.begin(), us.end());
    fmt::print("{} rounds: {:.1f} µs each at the median, {:.1f} µs for the slowest in a hundred\n", rounds,
               us[us.size() / 2], us[us.size() * 99 / 100]);

    const auto start = steady::now();
    const auto heard = co_await (talk(l.there, rounds) && listen(l.back, rounds));
    const auto the_other_heard = co_await cw::async_pop(l.back);
    const std::chrono::duration<double, std::micro> taken = steady::now() - start;
    fmt::print("{} numbers each way at once: {:.2f} µs each\n", rounds,
               taken.count() / static_cast<double>(2 * rounds));
    fmt::print("sums: {} heard here, {} over there\n", heard, the_other_heard);
}

asio::awaitable<void> answer(line& l, std::uint64_t rounds) {
    for (std::uint64_t i = 1; i <= rounds; ++i)
        co_await cw::async_push(l.back, 2 * co_await cw::async_pop(l.there));

    const auto heard = co_await (talk(l.back, rounds) && listen(l.there, rounds));
    co_await cw::async_push(l.back, heard);
}

void run(asio::awaitable<void> side) {
    asio::io_context loop;
    asio::co_spawn(loop, std::move(side), [](std::exception_ptr e) {
        if (e)
            std::rethrow_exception(e);
    });
    loop.run();
}

int main(int argc, char** argv) try {
    CLI::App program{"Two event loops that talk"};
    auto name = fmt::format("two_loops-{:08x}", std::random_device{}());
    std::uint64_t rounds = 10'000;
    program.add_option("--name", name, "The name of the shared memory");
    program.add_option("--rounds", rounds, "How often they talk")->check(CLI::PositiveNumber)->capture_default_str();
    auto* const other_side = program.add_subcommand("answer", "Be the other side")->fallthrough();
    CLI11_PARSE(program, argc, argv);

    if (*other_side) {
        cw::named<line> l{cw::open_only, name};
        run(answer(*l, rounds));
        return 0;
    }
    cw::named<line> l{cw::create_only, name};
    boost::process::child other(boost::dll::program_location(), "answer", "--name", name, "--rounds",
                                std::to_string(rounds));
    run(call(*l, rounds));
    other.wait();
    return other.exit_code();
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
