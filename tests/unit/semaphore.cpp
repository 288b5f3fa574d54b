// A semaphore within one process.
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/raw_object.hpp>
#include <support/refusal.hpp>
#include <support/sleeper.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

TEST_CASE("a semaphore begins with the permits that it is given") {
    CHECK(semaphore().available() == 0);
    CHECK(semaphore().maximum() == semaphore::max);
    semaphore s{3, 5};
    CHECK(s.available() == 3);
    CHECK(s.maximum() == 5);
    for (int i = 0; i < 3; ++i)
        CHECK(s.try_acquire());
    CHECK_FALSE(s.try_acquire());
    CHECK(s.available() == 0);
}

TEST_CASE("counts that make no sense are refused") {
    CHECK(error_of([] { semaphore{-1}; }) == errc::invalid_argument);
    CHECK(error_of([] { semaphore{6, 5}; }) == errc::invalid_argument);
    CHECK(error_of([] { semaphore{0, 0}; }) == errc::invalid_argument);
    CHECK(error_of([] { semaphore{0, -1}; }) == errc::invalid_argument);
    CHECK_FALSE(error_of([] { semaphore{5, 5}; }));
    CHECK_FALSE(error_of([] { semaphore{semaphore::max}; }));
}

TEST_CASE("release adds as many permits as it says, none and many included") {
    semaphore s;
    s.release();
    CHECK(s.available() == 1);
    s.release(0);
    CHECK(s.available() == 1);
    s.release(1'000'000'000'000);
    CHECK(s.available() == 1'000'000'000'001);
}

TEST_CASE("a release past the maximum, or of less than nothing, is refused and changes nothing") {
    semaphore s{1, 3};
    CHECK(error_of([&] { s.release(3); }) == errc::too_many_permits);
    CHECK(error_of([&] { s.release(semaphore::max); }) == errc::too_many_permits);
    CHECK(error_of([&] { s.release(-1); }) == errc::invalid_argument);
    CHECK(s.available() == 1);
    s.release(2);
    CHECK(error_of([&] { s.release(); }) == errc::too_many_permits);
    CHECK(s.available() == 3);
    semaphore full{semaphore::max};
    CHECK(error_of([&] { full.release(); }) == errc::too_many_permits);
    CHECK(full.available() == semaphore::max);
}

TEST_CASE("a timed acquire takes a permit that is there, however late it is") {
    semaphore s{4};
    CHECK(s.try_acquire_for(-1h));
    CHECK(s.try_acquire_for(0s));
    CHECK(s.try_acquire_until(std::chrono::steady_clock::time_point::min()));
    CHECK(s.try_acquire_until(std::chrono::system_clock::now() - 1h));
    CHECK(s.available() == 0);
}

TEST_CASE("a timed acquire gives up, not early, and takes nothing") {
    named<semaphore> s{create_only, fresh_name()};
    CHECK_FALSE(s->try_acquire_for(0s));
    CHECK_FALSE(s->try_acquire_for(-1s));
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(s->try_acquire_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    CHECK_FALSE(s->try_acquire_until(begin + 40ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
    CHECK(s->available() == 0);
    s->release();
    CHECK(s->available() == 1);
}

TEST_CASE("release wakes as many threads as it has permits for") {
    named<semaphore> s{create_only, fresh_name()};
    std::atomic<int> passed{0};
    std::deque<sleeper> threads;
    for (int i = 0; i < 5; ++i)
        threads.emplace_back([&] {
            s->acquire();
            ++passed;
        });
    for (const auto& t : threads)
        t.until_asleep();
    CHECK(passed.load() == 0);
    for (const int together : {1, 3}) {
        const int before = passed.load();
        s->release(together);
        while (passed.load() < before + together)
            std::this_thread::yield();
        CHECK(s->available() == 0);
    }
    CHECK(passed.load() == 4);
    s->release();
    threads.clear();
    CHECK(passed.load() == 5);
}

TEST_CASE("threads that take and give permits at once neither lose nor make any") {
    named<semaphore> s{create_only, fresh_name(), 2, 2};
    std::atomic<int> inside{0};
    std::atomic<int> most_inside{0};
    {
        std::deque<sleeper> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 5000; ++n) {
                    s->acquire();
                    const int now = ++inside;
                    for (int seen = most_inside.load(); seen < now && !most_inside.compare_exchange_weak(seen, now);) {
                    }
                    --inside;
                    s->release();
                }
            });
    }
    CHECK(most_inside.load() <= 2);
    CHECK(s->available() == 2);
}

TEST_CASE("a semaphore in no segment can be used without waiting, and to wait for it is an error that says why") {
    semaphore s;
    CHECK(error_of([&] { s.acquire(); }) == errc::not_shared);
    CHECK(error_of([&] { (void)s.try_acquire_for(1h); }) == errc::not_shared);
    CHECK_FALSE(s.try_acquire_for(0s));
    s.release();
    CHECK_FALSE(error_of([&] { s.acquire(); }));
}

TEST_CASE("a release of very many ends, though who awaits one of them does not come to take it") {
    named<semaphore> s{create_only, fresh_name()};
    reactor r; // nobody dispatches it
    remembered p;
    semaphore::acquire_operation op{*s};
    std::error_code error;
    REQUIRE(r.start(p, op, error) == start_result::waiting);
    s->release(semaphore::max);
    CHECK(s->available() == semaphore::max);
    r.dispatch();
    CHECK(p.is_over());
}

TEST_CASE("a count that cannot be is corrupted, and release leaves it alone") {
    const auto name = fresh_name();
    named<semaphore> s{create_only, name, 0, 5};
    raw_object raw(name);
    constexpr std::size_t object = 1216;
    for (const std::int64_t broken : {std::int64_t{-1}, std::int64_t{6}, semaphore::max, -semaphore::max - 1}) {
        raw.put(object, broken);
        CHECK(error_of([&] { s->release(); }) == errc::corrupted);
        CHECK(error_of([&] { s->release(semaphore::max); }) == errc::corrupted);
        CHECK(s->available() == broken);
    }
}
