// A message queue, awaited: what the handlers get, and what becomes of what they did not get.
#include <support/names.hpp>
#include <support/runs_out.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

void send(message_queue& q, std::size_t bytes) {
    q.reserve(bytes).commit();
}

} // namespace

TEST_CASE("a coroutine reserves, writes and commits, and another receives and reads, in place") {
    named<message_queue> q{create_only, fresh_name(), 256};
    asio::io_context io;
    int received = 0;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            for (std::size_t i = 0; i < 50; ++i) {
                auto r = co_await async_reserve(*q, 100 + i);
                r.data()[99] = static_cast<std::byte>(i);
                r.commit();
            }
            q->close();
        },
        asio::detached);
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            for (std::size_t i = 0;; ++i) {
                auto [ec, m] = co_await async_receive_for(*q, 1h, asio::as_tuple(asio::use_awaitable));
                if (ec == errc::closed)
                    co_return;
                CHECK(m.size() == 100 + i);
                CHECK(m.data()[99] == static_cast<std::byte>(i));
                ++received;
            }
        },
        asio::detached);
    REQUIRE(runs_out(io));
    CHECK(received == 50);
}

TEST_CASE("an awaited operation that fails brings an error and nothing else") {
    named<message_queue> q{create_only, fresh_name(), 64};
    asio::io_context io;
    const auto ex = io.get_executor();
    std::vector<error_code> errors;
    const auto note = [&](error_code ec, const auto& got) {
        CHECK_FALSE(got);
        errors.push_back(ec);
    };
    async_reserve(ex, *q, 65, note);
    REQUIRE(runs_out(io));
    async_receive_for(ex, *q, 1ms, note);
    io.restart();
    REQUIRE(runs_out(io));
    async_receive_until(ex, *q, std::chrono::steady_clock::now(), note);
    io.restart();
    REQUIRE(runs_out(io));
    send(*q, 1);
    async_reserve_for(ex, *q, 1ms, 1, note);
    io.restart();
    REQUIRE(runs_out(io));
    async_reserve(ex, *q, 1, note);
    io.restart();
    io.poll();
    q->close();
    REQUIRE(runs_out(io));
    CHECK(errors == std::vector<error_code>{to_boost(errc::too_large), to_boost(errc::timed_out),
                                            to_boost(errc::timed_out), to_boost(errc::timed_out),
                                            to_boost(errc::closed)});
}

TEST_CASE("whoever waits behind a large reservation that gives up gets the room that there is") {
    for (const bool cancelled : {true, false}) {
        CAPTURE(cancelled);
        named<message_queue> q{create_only, fresh_name(), 256};
        asio::io_context io;
        const auto ex = io.get_executor();
        send(*q, 64);
        send(*q, 192);
        asio::cancellation_signal signal;
        std::optional<error_code> large;
        std::optional<reservation> small;
        const auto note_large = [&](error_code ec, const reservation&) { large = ec; };
        if (cancelled)
            async_reserve(ex, *q, 256, asio::bind_cancellation_slot(signal.slot(), note_large));
        else
            async_reserve_for(ex, *q, 20ms, 256, note_large);
        async_reserve(ex, *q, 1, [&](error_code ec, reservation r) {
            CHECK_FALSE(ec);
            small = std::move(r);
        });
        (void)q->receive();
        io.poll();
        CHECK_FALSE(small); // who began first is served first
        if (cancelled)
            signal.emit(asio::cancellation_type::total);
        REQUIRE(runs_out(io));
        CHECK(large == (cancelled ? error_code(asio::error::operation_aborted) : to_boost(errc::timed_out)));
        CHECK(small->size() == 1);
    }
}

TEST_CASE("what was granted to a handler that dies undelivered goes back: the room, and the message to its place") {
    named<message_queue> q{create_only, fresh_name(), 256};
    bool called = false;
    {
        asio::io_context io;
        async_reserve(io.get_executor(), *q, 256, [&](error_code, reservation) { called = true; });
        CHECK_FALSE(q->try_reserve(1));
    }
    CHECK(q->try_reserve(256));
    send(*q, 1);
    send(*q, 2);
    {
        asio::io_context io;
        async_receive(io.get_executor(), *q, [&](error_code, message) { called = true; });
        CHECK(q->size() == 1);
    }
    CHECK_FALSE(called);
    CHECK(q->size() == 2);
    const auto m = q->receive();
    CHECK(m.size() == 1);
    CHECK(m.redelivered() == 1);
}

TEST_CASE("what was granted and not yet delivered when the handle was closed is given back") {
    const auto name = fresh_name();
    named<message_queue> here{create_only, name, 256};
    std::optional<named<message_queue>> closing{std::in_place, open_only, name};
    asio::io_context io;
    std::vector<error_code> errors;
    const auto note = [&](error_code ec, const auto& got) {
        CHECK_FALSE(got);
        errors.push_back(ec);
    };
    send(**closing, 1);
    async_receive(io.get_executor(), **closing, note);
    async_reserve(io.get_executor(), **closing, 100, note);
    CHECK(here->empty());
    closing.reset();
    REQUIRE(runs_out(io));
    CHECK(errors == std::vector<error_code>(2, asio::error::operation_aborted));
    CHECK(here->size() == 1);
    CHECK(here->receive().size() == 1);
    CHECK(here->try_reserve(256));
}
