// No thread is started for a wait: neither by the library nor, where it has no need to, by the event loop.
#include <support/names.hpp>
#include <support/system.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("no thread is started, whatever waits") {
    const auto before = thread_count();
    named<queue<int>> q{create_only, fresh_name(), 1};
    named<event> e{create_only, fresh_name()};
    asio::io_context io;
    for (int i = 0; i < 100; ++i) {
        async_pop_for(io.get_executor(), *q, 1h, [](boost::system::error_code, int) {});
        async_wait(io.get_executor(), *e, [](boost::system::error_code) {});
    }
    io.poll();
    CHECK(thread_count() == before);
}

TEST_CASE("a future's wait starts no thread") {
    named<semaphore> permits{create_only, fresh_name()};
    asio::thread_pool pool(1);
    const auto before = thread_count();
    auto taken = async_acquire(pool.get_executor(), *permits, asio::use_future);
    CHECK(thread_count() == before);
    permits->release();
    taken.get();
    CHECK(thread_count() == before);
    pool.join();
}

TEST_CASE("when five of ten waits are served and the others cancelled, no thread is left") {
    const auto before = thread_count();
    named<queue<int>> q{create_only, fresh_name(), 16};
    asio::io_context io;
    asio::cancellation_signal stop[10];
    int received = 0;
    int cancelled = 0;
    for (auto& s : stop)
        async_pop(io.get_executor(), *q, asio::bind_cancellation_slot(s.slot(), [&](boost::system::error_code ec, int) {
                      ++(ec ? cancelled : received);
                      if (!ec && received == 5)
                          for (auto& each : stop)
                              each.emit(asio::cancellation_type::terminal);
                  }));
    io.poll();
    std::thread([&] {
        for (int i = 1; i <= 5; ++i)
            q->push(i);
    }).join();
    io.run();
    CHECK(received == 5);
    CHECK(cancelled == 5);
    CHECK(thread_count() == before);
}
