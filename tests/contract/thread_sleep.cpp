// CONTRACT thread_sleep.
#include <support/backend_bytes.hpp>
#include <support/child.hpp>
#include <support/kernel_semaphore.hpp>
#include <support/names.hpp>
#include <support/role.hpp>
#include <support/sleeper.hpp>
#include <support/system.hpp>

#include <backend/clock.hpp>
#include <backend/process.hpp>
#include <backend/region.hpp>
#include <backend/thread_sleep.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::backend;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t page = 4096;

/// What the tests put into a region.
struct bed {
    detail::atomic<std::uint32_t> word{0};
    detail::atomic<std::uint32_t> returned{0};
    detail::atomic<std::uint32_t> about_to{0};
};

bed& bed_in(const region& r) {
    return *std::launder(reinterpret_cast<bed*>(r.bytes() + region::backend_bytes));
}

std::unique_ptr<region> make_bed(const std::string& name) {
    struct : region::initialiser {
        void operator()(std::byte* bytes) override { ::new (bytes + region::backend_bytes) bed; }
    } initialise;
    std::error_code error;
    auto r = region::create(name, page, page, permissions::this_user, initialise, error);
    REQUIRE_FALSE(error);
    return r;
}

std::int64_t from_now(std::int64_t ns) {
    return steady_ns() + ns;
}

/// Sleeps until the word moves: returning early is allowed, and no reason to stop.
void sleep_until_moved(region& r) {
    auto& b = bed_in(r);
    while (b.word.load() == 0)
        sleep_while(r, b.word, 0, deadline::never());
    ++b.returned;
}

} // namespace

CROSSWAKE_ROLE(sleep_in_another_process) {
    std::error_code error;
    const auto r = region::open(args[0], permissions::this_user, error);
    if (error)
        return 1;
    ++bed_in(*r).about_to;
    sleep_until_moved(*r);
    return 0;
}

namespace {

/// Sleeping by the backend, or "by count": by a semaphore that counts wake-ups, for whoever comes.
class bedtime {
public:
    bedtime(const std::string& way, const std::string& name, region& r) : where_(&r) {
        if (way == "by count")
            count_.emplace(name + ".count");
    }

    void sleep_until_moved(std::uint32_t from) {
        auto& word = bed_in(*where_).word;
        ++bed_in(*where_).about_to;
        while (word.load() == from)
            if (count_)
                count_->acquire();
            else
                sleep_while(*where_, word, from, deadline::never());
    }
    void wake_one() {
        if (count_)
            count_->release();
        else
            wake_threads(*where_, bed_in(*where_).word, wake_count::one);
    }

private:
    region* where_;
    std::optional<kernel_semaphore> count_;
};

void until_about_to_sleep(const region& r, std::uint32_t how_many) {
    while (bed_in(r).about_to.load() < how_many)
        std::this_thread::yield();
}

} // namespace

// args: region, way, semaphore that says that it was woken.
CROSSWAKE_ROLE(be_the_older_sleeper) {
    std::error_code error;
    const auto r = region::open(args[0], permissions::this_user, error);
    if (error)
        return 1;
    named<semaphore> came_through{open_only, args[2]};
    bedtime(args[1], args[0], *r).sleep_until_moved(0);
    came_through->release();
    return 0;
}

namespace {

/// Whether a sleeper that was stopped before it could take its wake-up has it within that time, although another fell
/// asleep meanwhile.
bool older_comes_through(const std::string& way, std::chrono::milliseconds within) {
    const auto name = fresh_name();
    const auto through_name = fresh_name();
    const auto r = make_bed(name);
    auto& word = bed_in(*r).word;
    bedtime b(way, name, *r);
    named<semaphore> through{create_only, through_name};
    child older{"be_the_older_sleeper", {name, way, through_name}};
    until_about_to_sleep(*r, 1);
    until_asleep(older.pid());
    older.stop();
    word.store(1);
    b.wake_one();
    sleeper late([&] { b.sleep_until_moved(1); });
    until_about_to_sleep(*r, 2);
    late.until_asleep();
    older.resume();
    const bool came_through = through->try_acquire_for(within);
    word.store(2);
    b.wake_one();
    b.wake_one(); // out of pity
    CHECK(older.wait() == 0);
    return came_through;
}

} // namespace

TEST_CASE("a thread does not sleep on a word that differs from what it saw") {
    const auto r = make_bed(fresh_name());
    sleep_while(*r, bed_in(*r).word, 1, deadline::never());
    sleep_while(*r, bed_in(*r).word, 0xffff'ffff, deadline::never());
}

TEST_CASE("a deadline that has passed ends the sleep at once, however long ago it was") {
    const auto r = make_bed(fresh_name());
    for (const auto d : {deadline::passed(), deadline::at_ns(0), deadline::at_ns(-1), deadline::at_ns(1),
                         deadline::at_ns(steady_ns())})
        sleep_while(*r, bed_in(*r).word, 0, d);
}

TEST_CASE("no sleep ends for its deadline before the deadline") {
    const auto r = make_bed(fresh_name());
    // Nobody wakes here. A return for no reason at all is allowed, and recognised by its being rare.
    int on_time = 0;
    int early = 0;
    for (const std::int64_t length : {1, 1000, 50'000, 999'999, 1'000'000, 3'000'001, 20'000'000})
        for (int i = 0; i < 3; ++i) {
            const auto until = from_now(length);
            sleep_while(*r, bed_in(*r).word, 0, deadline::at_ns(until));
            ++(steady_ns() >= until ? on_time : early);
        }
    CHECK(on_time > 0);
    CHECK(early <= 1);
}

TEST_CASE("waking one wakes one of those who sleep, and says so, until nobody sleeps") {
    const auto r = make_bed(fresh_name());
    auto& b = bed_in(*r);
    CHECK(wake_threads(*r, b.word, wake_count::one) == 0);
    CHECK(wake_threads(*r, b.word, wake_count::all) == 0);
    std::deque<sleeper> sleepers;
    for (int i = 0; i < 4; ++i)
        sleepers.emplace_back([&] { sleep_until_moved(*r); });
    for (const auto& s : sleepers)
        s.until_asleep();
    b.word.store(1);
    for (std::uint32_t i = 0; i < 4; ++i) {
        CHECK(b.returned.load() <= i); // asleep although the word has moved: it is the wake-up that counts
        CHECK(wake_threads(*r, b.word, wake_count::one) == 1);
    }
    CHECK(wake_threads(*r, b.word, wake_count::one) == 0);
    sleepers.clear();
    CHECK(b.returned.load() == 4);
}

TEST_CASE("waking all wakes all of those who sleep, and counts them") {
    const auto r = make_bed(fresh_name());
    auto& b = bed_in(*r);
    std::deque<sleeper> sleepers;
    for (int i = 0; i < 5; ++i)
        sleepers.emplace_back([&] { sleep_until_moved(*r); });
    for (const auto& s : sleepers)
        s.until_asleep();
    b.word.store(1);
    CHECK(wake_threads(*r, b.word, wake_count::all) == 5);
    sleepers.clear();
    CHECK(b.returned.load() == 5);
}

TEST_CASE("a wake-up that follows a change is not slept past, however close it is") {
    const auto r = make_bed(fresh_name());
    auto& there = bed_in(*r).word;
    auto& back = bed_in(*r).returned;
    constexpr std::uint32_t rounds = 20'000;
    sleeper other([&] {
        for (std::uint32_t i = 0; i < rounds; ++i) {
            while (there.load() == i)
                sleep_while(*r, there, i, deadline::never());
            back.store(i + 1);
            wake_threads(*r, back, wake_count::one);
        }
    });
    for (std::uint32_t i = 0; i < rounds; ++i) {
        there.store(i + 1);
        wake_threads(*r, there, wake_count::one);
        while (back.load() == i)
            sleep_while(*r, back, i, deadline::never());
    }
    other.join();
    CHECK(back.load() == rounds);
}

TEST_CASE("a wake-up on one word leaves the sleepers of another asleep") {
    const auto r = make_bed(fresh_name());
    auto& b = bed_in(*r);
    sleeper s([&] { sleep_until_moved(*r); });
    s.until_asleep();
    CHECK(wake_threads(*r, b.returned, wake_count::all) == 0);
    b.word.store(1);
    CHECK(wake_threads(*r, b.word, wake_count::all) == 1);
}

TEST_CASE("a sleeper in another process is woken, through a mapping at another address") {
    const auto name = fresh_name();
    const auto r = make_bed(name);
    auto& b = bed_in(*r);
    child c{"sleep_in_another_process", {name}};
    while (b.about_to.load() == 0)
        std::this_thread::yield();
    until_asleep(c.pid());
    b.word.store(1);
    CHECK(wake_threads(*r, b.word, wake_count::one) == 1);
    CHECK(c.wait() == 0);
}

TEST_CASE("two mappings in one process are one place to sleep") {
    const auto name = fresh_name();
    const auto r = make_bed(name);
    std::error_code error;
    const auto again = region::open(name, permissions::this_user, error);
    REQUIRE(again != nullptr);
    CHECK(again->bytes() != r->bytes());
    sleeper s([&] { sleep_until_moved(*r); });
    s.until_asleep();
    bed_in(*again).word.store(1);
    CHECK(wake_threads(*again, bed_in(*again).word, wake_count::one) == 1);
}

TEST_CASE("a sleeper that was killed is not woken, nor counted") {
    const auto name = fresh_name();
    const auto r = make_bed(name);
    auto& b = bed_in(*r);
    {
        child victim{"sleep_in_another_process", {name}};
        while (b.about_to.load() == 0)
            std::this_thread::yield();
        until_asleep(victim.pid());
        victim.kill();
    }
    CHECK(wake_threads(*r, b.word, wake_count::one) == 0);
    sleeper s([&] { sleep_until_moved(*r); });
    s.until_asleep();
    b.word.store(1);
    CHECK(wake_threads(*r, b.word, wake_count::all) == 1);
}

TEST_CASE("a late sleeper cannot take a wake-up that was meant for an older one") {
    CHECK(older_comes_through("by the backend", 1min));
}

TEST_CASE("a late sleeper does take a wake-up that was meant for an older one if wake-ups are counted") {
    CHECK_FALSE(older_comes_through("by count", 300ms)); // nor at any time after that
}

TEST_CASE("threads that slept leave nothing when they end, and disturb nobody who comes after them") {
    const auto r = make_bed(fresh_name());
    auto& b = bed_in(*r);
    std::size_t after_the_first = 0;
    for (std::uint32_t i = 0; i < 200; ++i) {
        sleeper s([&] {
            while (b.word.load() == i)
                sleep_while(*r, b.word, i, deadline::never());
        });
        s.until_asleep();
        b.word.store(i + 1);
        CHECK(wake_threads(*r, b.word, wake_count::one) == 1);
        s.join();
        if (i == 0)
            after_the_first = descriptor_count();
    }
    CHECK(descriptor_count() == after_the_first);
}

TEST_CASE("waking comes to an end, however often somebody writes down that the dead sleep there") {
    const auto r = make_bed(fresh_name());
    auto dead = unpack(detail::this_process());
    dead.birth ^= 1;
    const persistent_sleepers them(*r, bed_in(*r).word, pack(dead));
    for (const auto how_many : {wake_count::one, wake_count::all})
        CHECK(wake_threads(*r, bed_in(*r).word, how_many) == 0);
}

TEST_CASE("a thread that finds all places taken sleeps all the same, until the word moves or its time is up") {
    const auto r = make_bed(fresh_name());
    auto& b = bed_in(*r);
    const persistent_sleepers others(*r, b.returned, detail::this_process());
    sleeper s([&] { sleep_until_moved(*r); });
    s.until_asleep();
    CHECK(b.returned.load() == 0);
    b.word.store(1);
    wake_threads(*r, b.word, wake_count::one);
    s.join();
    CHECK(b.returned.load() == 1);
    const auto until = from_now(5'000'000);
    while (steady_ns() < until)
        sleep_while(*r, b.word, 1, deadline::at_ns(until));
}
