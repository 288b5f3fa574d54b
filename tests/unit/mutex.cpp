// A mutex within one process.
#include <support/names.hpp>
#include <support/refusal.hpp>
#include <support/sleeper.hpp>

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

using crosswake::mutex; // beside std's

namespace {

bool is_locked(mutex& m) {
    if (!m.try_lock())
        return true;
    m.unlock();
    return false;
}

static_assert(!std::is_copy_constructible_v<crosswake::unique_lock>);
static_assert(std::is_nothrow_move_constructible_v<crosswake::unique_lock>);
static_assert(std::is_nothrow_move_assignable_v<crosswake::unique_lock>);
static_assert(std::is_convertible_v<decltype(std::declval<mutex&>().try_lock()), bool>);

} // namespace

TEST_CASE("a mutex that was locked cannot be locked again until it is unlocked, by the same process either") {
    mutex m;
    CHECK(m.lock() == lock_status::acquired);
    CHECK_FALSE(m.try_lock());
    CHECK(m.try_lock() == std::nullopt);
    CHECK_FALSE(m.try_lock_for(0s));
    m.unlock();
    CHECK(m.try_lock() == lock_status::acquired);
    m.unlock();
    CHECK(m.try_lock_for(-1h) == lock_status::acquired);
    m.unlock();
    CHECK(m.try_lock_until(std::chrono::steady_clock::time_point::min()) == lock_status::acquired);
    m.unlock();
}

TEST_CASE("locking again in the owning process waits like anybody's lock") {
    named<mutex> m{create_only, fresh_name()};
    m->lock();
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(m->try_lock_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    sleeper other([&] {
        m->lock();
        m->unlock();
    });
    other.until_asleep();
    m->unlock();
    other.join();
    CHECK_FALSE(is_locked(*m));
}

TEST_CASE("unlocking what is not locked is refused and changes nothing, and so is marking it as sound") {
    mutex m;
    CHECK(error_of([&] { m.unlock(); }) == errc::operation_not_permitted);
    CHECK(error_of([&] { m.mark_sound(); }) == errc::operation_not_permitted);
    CHECK(m.is_sound());
    CHECK_FALSE(is_locked(m));
    m.lock();
    m.unlock();
    CHECK(error_of([&] { m.unlock(); }) == errc::operation_not_permitted);
}

TEST_CASE("marking a sound mutex as sound keeps it locked and sound") {
    mutex m;
    m.lock();
    CHECK(m.is_sound());
    m.mark_sound();
    CHECK(m.is_sound());
    CHECK(is_locked(m));
    m.unlock();
}

TEST_CASE("threads exclude each other") {
    named<mutex> m{create_only, fresh_name()};
    int value = 0;
    {
        std::deque<sleeper> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 10'000; ++n) {
                    const crosswake::unique_lock hold{*m};
                    ++value;
                }
            });
    }
    CHECK(value == 40'000);
}

TEST_CASE("std's locks hold it: one alone, tried, timed, and two together") {
    named<mutex> one{create_only, fresh_name()};
    named<mutex> two{create_only, fresh_name()};
    {
        const std::scoped_lock hold{*one};
        CHECK(is_locked(*one));
    }
    CHECK_FALSE(is_locked(*one));
    {
        const std::lock_guard hold{*one};
        CHECK(is_locked(*one));
        std::unique_lock tried{*one, std::try_to_lock};
        CHECK_FALSE(tried.owns_lock());
        CHECK_FALSE(tried.try_lock());
        CHECK_FALSE(tried.try_lock_for(1ms));
        CHECK_FALSE(tried.try_lock_until(std::chrono::steady_clock::now()));
    }
    {
        std::unique_lock hold{*one, std::defer_lock};
        CHECK_FALSE(is_locked(*one));
        CHECK(hold.try_lock_for(1h));
        CHECK(is_locked(*one));
        hold.unlock();
        CHECK(hold.try_lock());
        CHECK(is_locked(*one));
    }
    {
        const std::scoped_lock both{*one, *two};
        CHECK(is_locked(*one));
        CHECK(is_locked(*two));
        CHECK(std::try_lock(*one, *two) == 0);
    }
    CHECK_FALSE(is_locked(*one));
    CHECK_FALSE(is_locked(*two));
}

TEST_CASE("two mutexes that threads take together in different orders do not block for ever") {
    named<mutex> one{create_only, fresh_name()};
    named<mutex> two{create_only, fresh_name()};
    int value = 0;
    {
        sleeper forth([&] {
            for (int i = 0; i < 5000; ++i) {
                const std::scoped_lock both{*one, *two};
                ++value;
            }
        });
        sleeper back([&] {
            for (int i = 0; i < 5000; ++i) {
                const std::scoped_lock both{*two, *one};
                ++value;
            }
        });
    }
    CHECK(value == 10'000);
}

TEST_CASE("a guard locks, tells how, and unlocks when it goes or is told to") {
    mutex m;
    {
        crosswake::unique_lock hold{m};
        CHECK(hold);
        CHECK(hold.owns_lock());
        CHECK(hold.status() == lock_status::acquired);
        CHECK(hold.mutex() == &m);
        CHECK(is_locked(m));
    }
    CHECK_FALSE(is_locked(m));
    crosswake::unique_lock hold{m};
    hold.unlock();
    CHECK_FALSE(hold.owns_lock());
    CHECK_FALSE(is_locked(m));
}

TEST_CASE("a guard that did not get the lock owns nothing") {
    named<mutex> m{create_only, fresh_name()};
    m->lock();
    CHECK_FALSE(crosswake::unique_lock(*m, std::try_to_lock).owns_lock());
    CHECK_FALSE(crosswake::unique_lock(*m, 1ms).owns_lock());
    CHECK_FALSE(crosswake::unique_lock(*m, std::chrono::steady_clock::now()).owns_lock());
    CHECK(is_locked(*m));
    m->unlock();
    CHECK(crosswake::unique_lock(*m, std::try_to_lock).owns_lock());
    CHECK(crosswake::unique_lock(*m, 1h).owns_lock());
    CHECK(crosswake::unique_lock(*m, std::chrono::steady_clock::now()).owns_lock());
    CHECK_FALSE(crosswake::unique_lock().owns_lock());
    CHECK_FALSE(is_locked(*m));
}

TEST_CASE("a guard can be moved, swapped, adopted and released") {
    mutex m;
    mutex other;
    crosswake::unique_lock a{m};
    crosswake::unique_lock b{std::move(a)};
    CHECK_FALSE(a.owns_lock()); // NOLINT(bugprone-use-after-move): what is left is the point
    CHECK(b.owns_lock());
    crosswake::unique_lock c{other};
    c = std::move(b);
    CHECK_FALSE(is_locked(other));
    CHECK(is_locked(m));
    CHECK(c.mutex() == &m);
    c.swap(a);
    CHECK(a.owns_lock());
    CHECK_FALSE(c.owns_lock());
    CHECK(a.release() == &m);
    CHECK_FALSE(a.owns_lock());
    CHECK(is_locked(m));
    {
        const crosswake::unique_lock adopted{m, std::adopt_lock, lock_status::acquired_from_dead_owner};
        CHECK(adopted.status() == lock_status::acquired_from_dead_owner);
    }
    CHECK_FALSE(is_locked(m));
}

TEST_CASE("a guard may go in another thread than the one that locked") {
    mutex m;
    crosswake::unique_lock hold{m};
    std::thread([moved = std::move(hold)] {}).join();
    CHECK_FALSE(is_locked(m));
}

TEST_CASE("a mutex in no segment can be locked while it is free, and to wait for it is an error that says why") {
    mutex m;
    m.lock();
    CHECK(error_of([&] { m.lock(); }) == errc::not_shared);
    CHECK(error_of([&] { (void)m.try_lock_for(1h); }) == errc::not_shared);
    m.unlock();
    CHECK_FALSE(is_locked(m));
}
