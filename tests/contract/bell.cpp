// CONTRACT bell.
#include <support/belfry.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

CROSSWAKE_ROLE(ring_another) {
    named<tower> t{open_only, args[0]};
    auto found = peer_bell::found::unreachable;
    const auto peer = find(t, 0, found);
    if (peer == nullptr || found != peer_bell::found::yes)
        return 1;
    if (peer->mailbox()[5] != std::byte{17})
        return 2;
    peer->mailbox()[6] = std::byte{18};
    for (auto n = std::stoi(args[1]); n-- > 0;) {
        if (!peer->ring())
            return 3;
        t->next.acquire();
    }
    return peer->seems_dead() ? 4 : 0;
}

CROSSWAKE_ROLE(have_a_bell) {
    named<tower> t{open_only, args[0]};
    std::error_code error;
    auto b = bell::make(error);
    t->token.store(detail::this_process());
    t->address[0].store(b->address());
    t->ready.release();
    t->next.acquire();
    b.reset();
    t->ready.release();
    t->next.acquire();
    return 0;
}

TEST_CASE("a new bell is silent, and its mailbox empty") {
    const auto b = make_bell();
    CHECK(b->address() != 0);
    REQUIRE_FALSE(b->handles().empty());
    CHECK_FALSE(is_ringing(*b));
    for (std::size_t i = 0; i < mailbox_bytes; ++i)
        REQUIRE(b->mailbox()[i] == std::byte{0});
}

TEST_CASE("a bell rings until it is silenced, whether rung once or often") {
    const auto b = make_bell();
    const auto r = ringer_of(*b);
    for (const int times : {1, 2, 100}) {
        for (int i = 0; i < times; ++i)
            CHECK(r->ring());
        CHECK(is_ringing(*b));
        CHECK(is_ringing(*b));
        CHECK(b->silence() == bell::heard::nothing_special);
        CHECK_FALSE(is_ringing(*b));
    }
    CHECK(b->silence() == bell::heard::nothing_special);
}

TEST_CASE("ringing never blocks, however long nobody listens") {
    const auto b = make_bell();
    const auto r = ringer_of(*b);
    bool all = true;
    for (int i = 0; i < 100'000; ++i)
        all = r->ring() && all;
    CHECK(all);
    b->silence();
    CHECK_FALSE(is_ringing(*b));
    CHECK(r->ring());
    CHECK(is_ringing(*b));
}

TEST_CASE("bells of one process have addresses of their own, and ring by themselves") {
    const auto one = make_bell();
    const auto other = make_bell();
    CHECK(one->address() != other->address());
    CHECK(ringer_of(*one)->ring());
    CHECK(is_ringing(*one));
    CHECK_FALSE(is_ringing(*other));
}

TEST_CASE("the owner's ringer shares the mailbox, and outlives the bell") {
    auto b = make_bell();
    const auto r = ringer_of(*b);
    b->mailbox()[3] = std::byte{5};
    CHECK(r->mailbox()[3] == std::byte{5});
    CHECK_FALSE(r->seems_dead());
    b.reset();
    CHECK(r->mailbox()[3] == std::byte{5});
    CHECK_FALSE(r->ring());
}
TEST_CASE("another process finds the bell and the mailbox, and every ring of its is heard") {
    const auto name = fresh_name();
    named<tower> t{create_only, name};
    const auto b = make_bell();
    b->mailbox()[5] = std::byte{17};
    t->token.store(detail::this_process());
    t->address[0].store(b->address());
    constexpr int times = 2000;
    child c{"ring_another", {name, std::to_string(times)}};
    for (int i = 0; i < times; ++i) {
        REQUIRE(is_rung(*b));
        b->silence();
        t->next.release();
    }
    CHECK(c.wait() == 0);
    CHECK(b->mailbox()[6] == std::byte{18});
    CHECK_FALSE(is_ringing(*b));
}

TEST_CASE("a bell whose process was killed, or that was closed, is dead to those who know it and to those who look") {
    for (const bool is_killed : {false, true}) {
        CAPTURE(is_killed);
        const auto name = fresh_name();
        named<tower> t{create_only, name};
        child c{"have_a_bell", {name}};
        t->ready.acquire();
        auto found = peer_bell::found::unreachable;
        const auto peer = find(t, 0, found);
        REQUIRE(found == peer_bell::found::yes);
        CHECK(peer->ring());
        CHECK_FALSE(peer->seems_dead());
        if (is_killed) {
            c.kill();
        } else {
            t->next.release();
            t->ready.acquire();
        }
        CHECK(peer->seems_dead());
        CHECK_FALSE(peer->ring());
        CHECK_FALSE(peer->ring());
        CHECK(find(t, 0, found) == nullptr);
        CHECK(found == peer_bell::found::dead);
        if (!is_killed) {
            t->next.release();
            CHECK(c.wait() == 0);
        }
    }
}

TEST_CASE("a bell of a stopped process is not dead") {
    const auto name = fresh_name();
    named<tower> t{create_only, name};
    child c{"have_a_bell", {name}};
    t->ready.acquire();
    c.stop();
    auto found = peer_bell::found::unreachable;
    const auto peer = find(t, 0, found);
    REQUIRE(peer != nullptr);
    CHECK(peer->ring());
    CHECK_FALSE(peer->seems_dead());
}

TEST_CASE("an address of no bell, or in the name of another process, leads to no bell") {
    const auto name = fresh_name();
    named<tower> t{create_only, name};
    child c{"have_a_bell", {name}};
    t->ready.acquire();
    const auto token = t->token.load();
    const auto right = t->address[0].load();
    auto fields = unpack(token);
    fields.birth ^= 1; // one that there was before, with the same number
    auto found = peer_bell::found::yes;
    for (const auto& [who, address] : {std::pair{pack(fields), right},
                                       {token, bell_address{0}},
                                       {token, right ^ 1},
                                       {detail::this_process(), right}}) {
        CHECK(peer_bell::find(who, address, found) == nullptr);
        CHECK(found == peer_bell::found::dead);
    }
}

TEST_CASE("a process of other numbers is unreachable, not dead") {
    auto fields = unpack(detail::this_process());
    fields.pid_namespace ^= 1;
    auto found = peer_bell::found::yes;
    CHECK(peer_bell::find(pack(fields), 5, found) == nullptr);
    CHECK(found == peer_bell::found::unreachable);
}

TEST_CASE("a bell that listens for deaths hears each once, of those only that it listens for") {
    const auto b = make_bell();
    const auto start = [](named<tower>& t, const std::string& name) {
        child c{"have_a_bell", {name}};
        t->ready.acquire();
        return c;
    };
    const auto name = fresh_name();
    const auto other_name = fresh_name();
    named<tower> t{create_only, name};
    named<tower> other_t{create_only, other_name};
    auto one = start(t, name);
    auto other = start(other_t, other_name);
    for (int i = 0; i < 2; ++i) {
        CHECK(b->listen_for_death_of(t->token.load()));
        CHECK(b->listen_for_death_of(other_t->token.load()));
    }
    CHECK_FALSE(is_ringing(*b));
    b->stop_listening_for_death_of(t->token.load());
    one.kill();
    REQUIRE(is_rung(*b));
    CHECK(b->silence() == bell::heard::a_death);
    CHECK_FALSE(is_ringing(*b));
    CHECK(b->silence() == bell::heard::nothing_special);
    b->stop_listening_for_death_of(t->token.load());

    for (int i = 0; i < 2; ++i)
        b->stop_listening_for_death_of(other_t->token.load());
    other.kill();
    CHECK_FALSE(is_ringing(*b));
    // One that is dead already: nothing to hear, which is said unless it has been heard, and no harm.
    if (b->listen_for_death_of(t->token.load()))
        CHECK(is_ringing(*b));
    b->silence();
    b->stop_listening_for_death_of(t->token.load());
    CHECK_FALSE(is_ringing(*b));
}

TEST_CASE(
    "a bell does not listen for the death of a process that there was before, with the number of one that lives") {
    const auto name = fresh_name();
    named<tower> t{create_only, name};
    child c{"have_a_bell", {name}};
    t->ready.acquire();
    auto fields = unpack(t->token.load());
    fields.birth ^= 1;
    const auto b = make_bell();
    CHECK_FALSE(b->listen_for_death_of(pack(fields)));
    b->stop_listening_for_death_of(pack(fields));
}

TEST_CASE("a bell takes its descriptors with it") {
    const auto before = descriptor_count();
    for (int i = 0; i < 10; ++i) {
        const auto b = make_bell();
        const auto r = ringer_of(*b);
        CHECK(r->ring());
    }
    CHECK(descriptor_count() == before);
}
