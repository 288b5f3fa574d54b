// CONTRACT bell, where bells are pipes: edges, signals, and what looks like one.
#include <support/belfry.hpp>
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/bell.hpp>
#include <backend/process.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;

namespace {

constexpr std::size_t page = 4096;

int sealed_memory(std::size_t bytes, const char* text) {
    const int file = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (::ftruncate(file, static_cast<off_t>(bytes)) != 0 || ::pwrite(file, text, std::strlen(text), 0) < 0)
        return -1;
    ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

constexpr std::size_t forgeries = 9;

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
    // The real mailbox's bytes, under another number, which they say is theirs.
    const auto become_the_real = [&](int forged) {
        const auto claimed = as_address(forged);
        return ::pwrite(forged, real->mailbox() - 64, page, 0) == page &&
               ::pwrite(forged, &claimed, sizeof claimed, 16) == sizeof claimed;
    };
    const int unsealed = ::memfd_create("test", MFD_CLOEXEC);
    if (!become_the_real(unsealed))
        return 3;
    const int without_pipe = sealed_memory(page, "");
    const std::uint64_t inode = 1;
    if (!become_the_real(without_pipe) || ::pwrite(without_pipe, &inode, sizeof inode, 24) != sizeof inode)
        return 7;
    // The same bytes, which say that they are under the right number.
    const int copy = sealed_memory(page, "");
    if (copy < 0 || ::pwrite(copy, real->mailbox() - 64, 64 + mailbox_bytes, 0) < 0)
        return 4;

    // What they say is true, in a regular file, which has no seals.
    const int file_copy = ::open((args[1] + ".copy").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (!become_the_real(file_copy))
        return 6;

    const bell_address addresses[forgeries] = {
        4321,                                    // nothing
        as_address(file),                        // a regular file of the right size
        as_address(ends[1]),                     // another pipe
        as_address(unsealed),                    // memory that its owner could shrink
        as_address(sealed_memory(16, "short")),  // memory of another size
        as_address(sealed_memory(page, "text")), // memory without the mark
        as_address(without_pipe),                // a mailbox whose pipe's number is another pipe's by now
        as_address(copy),
        as_address(file_copy),
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

CROSSWAKE_ROLE(make_a_bell_without_descriptors) {
    use_up_descriptors();
    std::error_code error;
    const auto b = bell::make(error);
    return b == nullptr && error == std::errc::too_many_files_open ? 0 : 1;
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
    ::unlink((path + ".copy").c_str());
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

TEST_CASE("a bell for which there is no descriptor is an error" * doctest::skip(is_instrumented)) {
    child c{"make_a_bell_without_descriptors"};
    CHECK(c.wait() == 0);
}
