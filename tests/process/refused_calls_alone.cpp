// One of many kernel calls refused to a process that nobody helps: it creates, opens, clears away what the dead left,
// joins a crowd, rings who has gone, and forks.
#include <support/child.hpp>
#include <support/crowd.hpp>
#include <support/forked.hpp>
#include <support/names.hpp>
#include <support/one_refusal.hpp>
#include <support/poll_loop.hpp>
#include <support/recheck.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <backend/bell.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/reactor.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

struct room {
    mutex door;
    semaphore locked;
    semaphore go;
    semaphore permits;
};

/// What somebody leaves who dies without a word, under this name and a number.
constexpr int graves = 4;
std::string grave(const std::string& name, int n) {
    return name + "-dead-" + std::to_string(n);
}
void die_and_leave(const std::string& name) {
    forked([&name] {
        for (int n = 0; n < graves; ++n)
            new named<semaphore>{create_only, grave(name, n)}; // and never deleted
        return 0;
    }).wait();
}

bool clears_away(const std::string& name) {
    return works_or_is_refused([&] {
               named<semaphore>{open_only, grave(name, 0)};
           }) &&
           works_or_is_refused([&] {
               named<semaphore>{create_only, grave(name, 1)};
           }) &&
           works_or_is_refused([&] {
               named<semaphore>{open_or_create, grave(name, 2)};
           }) &&
           works_or_is_refused([] { (void)sweep(); });
}

/// A permit that it gives itself, in this reactor. A refusal is an error; once it waits, it is told.
bool hears(reactor& r, semaphore& permits) {
    semaphore::acquire_operation op{permits};
    remembered p;
    std::error_code error;
    const auto started = r.start(p, op, error);
    if (started != start_result::waiting)
        return started == start_result::failed && static_cast<bool>(error);
    permits.release();
    poll_loop{r}.run_until([&] { return p.is_over(); });
    return p.result == wait_result::done;
}

/// The same beside a crowd, for which there have to be further pages.
bool hears_in_a_crowd(const std::string& name) {
    return works_or_is_refused([&] {
        const named<room> full{create_only, name + "-full"};
        send_to_the_crowd(&full->permits);
        reactor r;
        if (!hears(r, full->permits))
            throw std::system_error(std::error_code{}); // the one that says nothing
    });
}

/// A ring that nobody can hear says so, and kills nobody.
bool rings_who_has_gone() {
    std::error_code error;
    auto bell = backend::bell::make(error);
    if (bell == nullptr)
        return static_cast<bool>(error);
    const auto ringer = bell->ringer(error);
    if (ringer == nullptr)
        return static_cast<bool>(error);
    bell.reset();
    return !ringer->ring();
}

/// Opens it anew in a forked child; if that is refused, it can be destroyed, or opened once more.
bool opens_anew(std::unique_ptr<reactor>& r) {
    bool is_open = false;
    const bool ok = works_or_is_refused([&] {
        r->reopen_after_fork();
        is_open = true;
    });
    if (!ok || is_open)
        return ok;
    forked other([&r] {
        r.reset();
        return 0;
    });
    if (other.wait() != 0)
        return false;
    r->reopen_after_fork();
    return true;
}

/// What a forked child locks is its own while it lives, and its reactor hears when it is opened anew.
int forks(room& its, std::unique_ptr<reactor>& r) {
    forked heir([&] {
        if (its.door.lock() != lock_status::acquired)
            return 1;
        its.locked.release();
        its.go.acquire();
        its.door.unlock();
        return opens_anew(r) && hears(*r, its.permits) ? 0 : 2;
    });
    its.locked.acquire();
    const bool is_robbed = static_cast<bool>(its.door.try_lock());
    its.go.release();
    const int code = heir.wait();
    return is_robbed ? 3 : code;
}

/// 0, or where it went wrong.
int live(const std::string& name, room& its, std::unique_ptr<reactor>& r) {
    if (!works_or_is_refused([&] { named<room>{open_only, name}; }))
        return 1;
    if (!clears_away(name))
        return 2;
    if (!hears(*r, its.permits))
        return 3;
    if (!hears_in_a_crowd(name))
        return 4;
    if (its.permits.try_acquire_for(1ms))
        return 5;
    if (!rings_who_has_gone())
        return 6;
    const int code = forks(its, r);
    return code == 0 ? 0 : 10 + code;
}

/// With nothing refused any more everything works, and nothing is left of the dead.
bool is_all_well(const std::string& name, room& its) {
    sweep();
    for (int n = 0; n < graves; ++n)
        named<semaphore>{create_only, grave(name, n)};
    reactor r;
    return objects_left(name + "-") == 1 && hears(r, its.permits) && its.door.lock() == lock_status::acquired;
}

} // namespace

// args: name, call, error, which one of many or "unknown" (any call but those that are known).
CROSSWAKE_ROLE(live_alone) {
    // By the pipe alone nobody is reached whose pipe cannot be written.
    if (const char* const bell = std::getenv("CROSSWAKE_BELL"); bell != nullptr && std::string(bell) == "pipe")
        set_environment("CROSSWAKE_BELL", "");
    const auto& [name, call, error, how] = std::tie(args[0], args[1], args[2], args[3]);
    named<queue<end_of_scene>> ends{open_only, name + "-ends"};
    named<room> its{create_only, name};
    die_and_leave(name);
    // Nobody can wake a blocked thread without the call for it.
    const recheck_each for_now(call == "futex" ? 1ms : std::chrono::hours(1));
    auto r = std::make_unique<reactor>();
    (void)works_or_is_refused([] { throw std::bad_alloc(); }); // the first exception takes a futex of the C library's
    refuse_write_flags(); // as an older system does, where signals have to be held back instead
    if (how == "unknown")
        forbid_unknown_calls();
    else if (!refuse_nth_call(call, error, std::stoul(how)))
        return not_permitted_here;
    const int code = live(name, *its, r);
    r.reset();
    if (code != 0 || how == "unknown")
        return code;
    ends->push(it_is_over());
    return is_all_well(name, *its) ? 0 : 20;
}

TEST_CASE("whichever one of many calls the kernel refuses to who is alone, the dead are cleared away all the same" *
          doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<queue<end_of_scene>> ends{create_only, name + "-ends", 1};
    if (!permitted(child{"live_alone", {name, "getdents64", "EINTR", "0"}}.wait()))
        return;
    (void)ends->try_pop();
    const auto play = [&](const std::string& call, const std::string& error, std::size_t n, const char* /*way*/) {
        CHECK(child{"live_alone", {name, call, error, std::to_string(n)}}.wait() == 0);
        return ends->try_pop();
    };
    auto calls = kernel_calls();
    // What cannot be closed is still open, and so nobody's who is dead.
    std::erase_if(calls, [](const auto& call) { return call == "close" || call == "munmap"; });
    refuse_each_in_turn(calls, play);
    sweep(); // what the refused could not remove
}

TEST_CASE("all calls that are made there are among those that are refused" * doctest::skip(is_instrumented)) {
    const auto name = fresh_name();
    named<queue<end_of_scene>> ends{create_only, name + "-ends", 1};
    CHECK(child{"live_alone", {name, "", "", "unknown"}}.wait() == 0);
}
