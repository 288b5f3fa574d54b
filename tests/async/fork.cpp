// Forking with waits pending.
#include <support/child.hpp>
#include <support/names.hpp>
#include <support/role.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <string>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

struct gates {
    event go{reset_mode::manual};
    semaphore passed;
    semaphore permits;
    semaphore rung;
};

/// How the child ended: its exit code, or -1.
int end_of(pid_t child) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

// From a process of its own, so that the wake-up has to come through the bell.
CROSSWAKE_ROLE(open_the_gate) {
    named<gates> g{open_only, args[0]};
    g->go.set();
    return 0;
}

CROSSWAKE_ROLE(give_one) {
    named<gates> g{open_only, args[0]};
    g->permits.release();
    return 0;
}

TEST_CASE("with notify_fork, a wait that is pending goes on in the parent and in the child") {
    const auto name = fresh_name();
    named<gates> g{create_only, name};
    asio::io_context io;
    int here = 0;
    async_wait(io.get_executor(), g->go, [&](boost::system::error_code ec) {
        if (!ec) {
            ++here;
            g->passed.release();
        }
    });
    io.poll();
    REQUIRE(here == 0);

    io.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child_pid = fork();
    if (child_pid == 0) {
        io.notify_fork(asio::execution_context::fork_child);
        g->permits.release(); // the child has entered itself
        io.run();
        _exit(here == 1 ? 0 : 1);
    }
    io.notify_fork(asio::execution_context::fork_parent);
    g->permits.acquire();
    child opener{"open_the_gate", {name}};
    io.run();
    CHECK(here == 1);
    CHECK(end_of(child_pid) == 0);
    CHECK(opener.wait() == 0);
    CHECK(g->passed.available() == 2);
}

TEST_CASE("with notify_fork, rings for the child are none to the parent's event loop") {
    const auto name = fresh_name();
    named<gates> g{create_only, name};
    asio::io_context io;
    int taken = 0;
    async_acquire(io.get_executor(), g->permits, [&](boost::system::error_code ec) { taken += ec ? 0 : 1; });
    io.poll();
    io.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child_pid = fork();
    if (child_pid == 0) {
        io.notify_fork(asio::execution_context::fork_child);
        io.restart();
        g->go.wait(); // the parent's loop is at rest
        // Only the child awaits this.
        int rung = 0;
        for (int i = 0; i < 100; ++i) {
            async_acquire(io.get_executor(), g->passed, [&](boost::system::error_code ec) { rung += ec ? 0 : 1; });
            io.poll();
            g->passed.release();
            while (rung == i)
                io.poll();
        }
        g->rung.release();
        io.run();
        _exit(rung == 100 && taken == 1 ? 0 : 1);
    }
    io.notify_fork(asio::execution_context::fork_parent);
    io.poll(); // what the fork left to be done
    g->go.set();
    g->rung.acquire();
    if (bell_mechanism_in_use() == bell_mechanism::direct) // through the segment everybody in it is rung
        CHECK(io.poll() == 0);
    g->permits.release(2);
    io.run();
    CHECK(taken == 1);
    CHECK(end_of(child_pid) == 0);
}

TEST_CASE("a forked child that leaves at once, or unwinds its copy of the context, does not mute its parent") {
    const auto name = fresh_name();
    named<gates> g{create_only, name};
    for (const bool unwinds : {false, true}) {
        auto* const io = new asio::io_context;
        int taken = 0;
        for (int i = 0; i < 2; ++i)
            async_acquire(io->get_executor(), g->permits, [&](boost::system::error_code ec) { taken += ec ? 0 : 1; });
        io->poll();
        const pid_t child_pid = fork();
        if (child_pid == 0) {
            if (unwinds)
                delete io; // runs the destructors of everything that waits
            _exit(0);
        }
        REQUIRE(end_of(child_pid) == 0);
        for (int i = 0; i < 2; ++i) {
            child giver{"give_one", {name}};
            CHECK(giver.wait() == 0);
        }
        io->run();
        CHECK(taken == 2);
        delete io;
    }
}

TEST_CASE("a forked child can wait and await with the handles that it inherits") {
    const auto name = fresh_name();
    named<gates> g{create_only, name};
    const pid_t child_pid = fork();
    if (child_pid == 0) {
        g->permits.acquire(); // blocking
        asio::io_context io;
        int taken = 0;
        async_acquire(io.get_executor(), g->permits, [&](boost::system::error_code ec) { taken += ec ? 0 : 1; });
        g->passed.release();
        io.run();
        _exit(taken == 1 ? 0 : 1);
    }
    g->permits.release();
    g->passed.acquire();
    g->permits.release();
    CHECK(end_of(child_pid) == 0);
}
