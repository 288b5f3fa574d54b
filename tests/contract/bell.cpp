// CONTRACT bell.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>
#include <backend/region.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

constexpr std::size_t page = 4096;

bool is_readable(native_handle h) {
    pollfd p{static_cast<int>(h), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
}

bool is_ringing(const bell& b) {
    for (const auto h : b.handles())
        if (is_readable(h))
            return true;
    return false;
}

/// Sleeps until the bell rings.
void await(const bell& b) {
    std::vector<pollfd> all;
    for (const auto h : b.handles())
        all.push_back({static_cast<int>(h), POLLIN, 0});
    while (::poll(all.data(), all.size(), -1) < 1) {
    }
}

std::unique_ptr<bell> make_bell() {
    std::error_code error;
    auto b = bell::make(error);
    REQUIRE_FALSE(error);
    REQUIRE(b != nullptr);
    return b;
}

std::unique_ptr<peer_bell> ringer_of(const bell& b) {
    std::error_code error;
    auto r = b.ringer(error);
    REQUIRE_FALSE(error);
    REQUIRE(r != nullptr);
    return r;
}

std::unique_ptr<region> make_region(const std::string& name) {
    struct : region::initialiser {
        void operator()(std::byte*) override {}
    } initialise;
    std::error_code error;
    auto r = region::create(name, page, page, permissions::this_user, initialise, error);
    REQUIRE_FALSE(error);
    return r;
}

/// Where two processes tell each other what the other has to know.
struct tower {
    std::atomic<detail::owner_token> token{0};
    std::array<std::atomic<bell_address>, 8> address{};
    semaphore ready;
    semaphore next;
};

std::unique_ptr<peer_bell> find(named<tower>& t, std::size_t i, peer_bell::found& result) {
    return peer_bell::find(t->token.load(), t->address[i].load(), result);
}

} // namespace

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

namespace {

int sealed_memory(std::size_t bytes, const char* text) {
    const int file = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (::ftruncate(file, static_cast<off_t>(bytes)) != 0 || ::pwrite(file, text, std::strlen(text), 0) < 0)
        return -1;
    ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

constexpr std::size_t forgeries = 7;

} // namespace

// Opens what is no bell, and what could do harm if it were written to as if it were one. args: tower, a file.
CROSSWAKE_ROLE(have_what_is_no_bell) {
    named<tower> t{open_only, args[0]};
    std::error_code error;
    const auto real = bell::make(error);
    const auto as_address = [](int file) { return static_cast<bell_address>(file) + 1; };

    const int file = ::open(args[1].c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (::ftruncate(file, page) != 0)
        return 1;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return 2;
    const int unsealed = ::memfd_create("test", MFD_CLOEXEC);
    if (::ftruncate(unsealed, page) != 0)
        return 3;
    // The real mailbox's bytes, under another number.
    const int copy = sealed_memory(page, "");
    if (copy < 0 || ::pwrite(copy, real->mailbox() - 64, 64 + mailbox_bytes, 0) < 0)
        return 4;

    const bell_address addresses[forgeries] = {
        4321,                                    // nothing
        as_address(file),                        // a regular file of the right size
        as_address(ends[1]),                     // another pipe
        as_address(unsealed),                    // memory that its owner could shrink
        as_address(sealed_memory(16, "short")),  // memory of another size
        as_address(sealed_memory(page, "text")), // memory without the mark
        as_address(copy),
    };
    for (std::size_t i = 0; i < forgeries; ++i)
        t->address[i].store(addresses[i]);
    t->address[forgeries].store(real->address());
    t->token.store(detail::this_process());
    t->ready.release();
    t->next.acquire();
    char byte = 1;
    return ::pread(file, &byte, 1, 0) == 1 && byte == 0 ? 0 : 5;
}

CROSSWAKE_ROLE(ring_through_a_region) {
    std::error_code error;
    const auto r = region::open(args[0], permissions::this_user, error);
    return r != nullptr && r->ring() ? 0 : 1;
}

CROSSWAKE_ROLE(make_a_bell_without_descriptors) {
    use_up_descriptors();
    std::error_code error;
    const auto b = bell::make(error);
    return b == nullptr && error == std::errc::too_many_files_open ? 0 : 1;
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

TEST_CASE(
    "if each ring is an edge, an edge-triggered loop hears each, for as many rings as may pass before a silence") {
    const auto b = make_bell();
    if (!b->rings_are_edges())
        return;
    const auto r = ringer_of(*b);
    const int loop = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event e{};
    e.events = EPOLLIN | EPOLLET;
    REQUIRE(::epoll_ctl(loop, EPOLL_CTL_ADD, static_cast<int>(b->handles().front()), &e) == 0);
    for (int lap = 0; lap < 3; ++lap) {
        unsigned heard = 0;
        for (unsigned i = 0; i < b->rings_before_silence(); ++i) {
            CHECK(r->ring());
            heard += ::epoll_wait(loop, &e, 1, 0) == 1 ? 1U : 0U;
        }
        CHECK(heard == b->rings_before_silence());
        CHECK(::epoll_wait(loop, &e, 1, 0) == 0);
        b->silence();
    }
    ::close(loop);
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
        await(*b);
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

namespace {

std::atomic<int> signals{0};

void count_signal(int) {
    ++signals;
}

/// Rings dead bells; the exit code says what the process noticed of it.
int ring_the_dead(bool is_blocked_and_pending) {
    struct sigaction before {};
    before.sa_handler = count_signal;
    ::sigaction(SIGPIPE, &before, nullptr);
    sigset_t pipe_only;
    ::sigemptyset(&pipe_only);
    ::sigaddset(&pipe_only, SIGPIPE);
    if (is_blocked_and_pending) {
        ::sigprocmask(SIG_BLOCK, &pipe_only, nullptr);
        ::raise(SIGPIPE);
    }
    std::error_code error;
    auto b = bell::make(error);
    const auto r = b->ringer(error);
    b.reset();
    for (int i = 0; i < 3; ++i)
        if (r->ring())
            return 1;
    if (signals.load() != 0)
        return 2;
    struct sigaction after {};
    ::sigaction(SIGPIPE, nullptr, &after);
    if (after.sa_handler != count_signal)
        return 3;
    sigset_t mask;
    ::sigprocmask(SIG_BLOCK, nullptr, &mask);
    sigset_t pending;
    ::sigpending(&pending);
    const int is_as_it_was = is_blocked_and_pending ? 1 : 0;
    if (::sigismember(&mask, SIGPIPE) != is_as_it_was || ::sigismember(&pending, SIGPIPE) != is_as_it_was)
        return 4;
    return 0;
}

} // namespace

// args: "pending" if the process has a SIGPIPE of its own waiting, "old" for a kernel without RWF_NOSIGNAL.
CROSSWAKE_ROLE(ring_the_dead) {
    if (args[1] == "old")
        refuse_write_flags();
    return ring_the_dead(args[0] == "pending");
}

TEST_CASE("ringing a dead bell raises no signal, and leaves the process's handler, mask and pending signals alone") {
    for (const std::string state : {"none", "pending"})
        for (const std::string kernel : {"new", "old"}) {
            CAPTURE(state);
            CAPTURE(kernel);
            child c{"ring_the_dead", {state, kernel}};
            CHECK(c.wait() == 0);
        }
}

TEST_CASE("what is no bell of that process is not taken for one, and is not written to") {
    const auto name = fresh_name();
    const auto file = fresh_name("file");
    named<tower> t{create_only, name};
    const auto path = own_program() + '.' + file;
    child c{"have_what_is_no_bell", {name, path}};
    t->ready.acquire();
    ::unlink(path.c_str());
    for (std::size_t i = 0; i < forgeries; ++i) {
        CAPTURE(i);
        auto found = peer_bell::found::yes;
        CHECK(find(t, i, found) == nullptr);
        CHECK(found == peer_bell::found::dead);
    }
    auto found = peer_bell::found::dead;
    CHECK(find(t, forgeries, found) != nullptr);
    CHECK(found == peer_bell::found::yes);

    // The right address in the name of another process, and in that of one that there was before.
    const auto right = t->address[forgeries].load();
    auto fields = unpack(t->token.load());
    fields.birth ^= 1;
    CHECK(peer_bell::find(pack(fields), right, found) == nullptr);
    CHECK(found == peer_bell::found::dead);
    CHECK(peer_bell::find(t->token.load(), 0, found) == nullptr);
    CHECK(found == peer_bell::found::dead);
    CHECK(peer_bell::find(detail::this_process(), right, found) == nullptr);

    t->next.release();
    CHECK(c.wait() == 0);
}

TEST_CASE("a process of other numbers is unreachable, not dead") {
    auto fields = unpack(detail::this_process());
    fields.pid_namespace ^= 1;
    auto found = peer_bell::found::yes;
    CHECK(peer_bell::find(pack(fields), 5, found) == nullptr);
    CHECK(found == peer_bell::found::unreachable);
}

TEST_CASE("a bell that listens to a region hears who rings through it, here and in another process") {
    const auto name = fresh_name();
    const auto r = make_region(name);
    const auto b = make_bell();
    CHECK_FALSE(b->listen(*r));
    CHECK_FALSE(is_ringing(*b));
    CHECK(r->ring());
    CHECK(is_ringing(*b));
    CHECK(b->silence() == bell::heard::a_region);
    CHECK_FALSE(is_ringing(*b));
    CHECK(b->silence() == bell::heard::nothing_special);

    child c{"ring_through_a_region", {name}};
    await(*b);
    CHECK(b->silence() == bell::heard::a_region);
    CHECK(c.wait() == 0);
}

TEST_CASE("a bell that listens no more hears nothing, and can be silenced") {
    const auto r = make_region(fresh_name());
    const auto b = make_bell();
    CHECK_FALSE(b->listen(*r));
    b->stop_listening(*r);
    CHECK(r->ring());
    b->silence();
    CHECK_FALSE(is_ringing(*b));
}

TEST_CASE("a bell listens to several regions, and to two mappings of one, until it has stopped with each") {
    const auto name = fresh_name();
    const auto one = make_region(name);
    const auto other = make_region(fresh_name());
    std::error_code error;
    const auto one_again = region::open(name, permissions::this_user, error);
    REQUIRE(one_again != nullptr);
    const auto b = make_bell();
    b->listen(*one);
    b->listen(*other);
    b->listen(*one_again);
    b->stop_listening(*one);
    b->silence();
    CHECK(one->ring());
    CHECK(b->silence() == bell::heard::a_region);
    b->stop_listening(*one_again);
    b->silence();
    CHECK(one->ring());
    CHECK_FALSE(is_ringing(*b));
    CHECK(other->ring());
    CHECK(b->silence() == bell::heard::a_region);
}

TEST_CASE("every bell that listens to a region hears one ring") {
    const auto r = make_region(fresh_name());
    std::vector<std::unique_ptr<bell>> bells;
    for (int i = 0; i < 5; ++i) {
        bells.push_back(make_bell());
        bells.back()->listen(*r);
    }
    CHECK(r->ring());
    for (const auto& b : bells)
        CHECK(b->silence() == bell::heard::a_region);
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
        b->listen_for_death_of(t->token.load());
        b->listen_for_death_of(other_t->token.load());
    }
    CHECK_FALSE(is_ringing(*b));
    b->stop_listening_for_death_of(t->token.load());
    one.kill();
    CHECK(is_ringing(*b));
    CHECK(b->silence() == bell::heard::a_death);
    CHECK_FALSE(is_ringing(*b));
    CHECK(b->silence() == bell::heard::nothing_special);
    b->stop_listening_for_death_of(t->token.load());

    for (int i = 0; i < 2; ++i)
        b->stop_listening_for_death_of(other_t->token.load());
    other.kill();
    CHECK_FALSE(is_ringing(*b));
    // One that is dead already: nothing to hear, and no harm.
    b->listen_for_death_of(t->token.load());
    b->silence();
    b->stop_listening_for_death_of(t->token.load());
    CHECK_FALSE(is_ringing(*b));
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

TEST_CASE("a bell for which there is no descriptor is an error" * doctest::skip(is_instrumented)) {
    child c{"make_a_bell_without_descriptors"};
    CHECK(c.wait() == 0);
}
