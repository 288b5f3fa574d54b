// Two processes, an event loop in each, and two queues between them, one for either direction.
//
// First they take turns: a number goes over, and comes back doubled. Then both talk at once: each sends all numbers
// from 1 on while it adds up what it hears, in one thread, through queues that hold few of them.
#include "program.hpp"
#include "run.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;
using steady = std::chrono::steady_clock;

constexpr std::uint64_t rounds = 1000;

using numbers = cw::queue<std::uint64_t, 64>;
struct line {
    numbers there; // from the one who calls to the one who answers
    numbers back;
};

asio::awaitable<void> talk(numbers& to) {
    for (std::uint64_t i = 1; i <= rounds; ++i)
        co_await cw::async_push(to, i);
}

asio::awaitable<std::uint64_t> listen(numbers& from) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 1; i <= rounds; ++i)
        sum += co_await cw::async_pop(from);
    co_return sum;
}

asio::awaitable<void> call(line& l) {
    const auto start = steady::now();
    for (std::uint64_t i = 1; i <= rounds; ++i) {
        co_await cw::async_push(l.there, i);
        if (co_await cw::async_pop(l.back) != 2 * i)
            throw std::runtime_error("a wrong answer");
    }
    const std::chrono::duration<double, std::micro> taken = steady::now() - start;
    fmt::print("{} rounds, {:.1f} µs each\n", rounds, taken.count() / rounds);

    const auto heard = co_await (talk(l.there) && listen(l.back));
    fmt::print("sums: {} heard here, {} over there\n", heard, co_await cw::async_pop(l.back));
}

asio::awaitable<void> answer(line& l) {
    for (std::uint64_t i = 1; i <= rounds; ++i)
        co_await cw::async_push(l.back, 2 * co_await cw::async_pop(l.there));

    const auto heard = co_await (talk(l.back) && listen(l.there));
    co_await cw::async_push(l.back, heard);
}

void one_side(const std::string& name) {
    cw::named<line> l{cw::create_only, name};
    auto other = example::start("other_side", name);
    example::run(call(*l));
    example::finish(other);
}

void other_side(const std::string& name) {
    cw::named<line> l{cw::open_only, name};
    example::run(answer(*l));
}

int main(int argc, char** argv) {
    return example::play(argc, argv, {{"one_side", one_side}, {"other_side", other_side}});
}
