// A message queue within one process.
#include <support/names.hpp>
#include <support/refusal.hpp>
#include <support/seed.hpp>
#include <support/sleeper.hpp>

#include <crosswake/message_queue.hpp>
#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

using bytes = std::vector<std::byte>;

bytes filled(std::size_t size, std::size_t seed) {
    bytes b(size);
    for (std::size_t i = 0; i < size; ++i)
        b[i] = static_cast<std::byte>(seed * 37 + i);
    return b;
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool begins_on_64(const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % 64 == 0;
}

} // namespace

TEST_CASE("a message is written and read in place, and arrives as it was, whatever its size") {
    named<message_queue> q{create_only, fresh_name(), 1 << 20};
    for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 4096U, 100'000U, 1U << 20}) {
        CAPTURE(size);
        const auto sent = filled(size, size);
        auto r = q->reserve(size);
        CHECK(r.size() == size);
        CHECK(begins_on_64(r.data().data()));
        std::copy(sent.begin(), sent.end(), r.data().begin());
        CHECK(q->empty());
        const auto* const place = r.data().data();
        r.commit();
        CHECK_FALSE(r);
        CHECK(q->size() == 1);
        const auto m = q->receive();
        CHECK(m.data().data() == place);
        CHECK(same(m.data(), sent));
        CHECK(m.redelivered() == 0);
        CHECK(q->empty());
    }
}

TEST_CASE("messages of all sizes come in order, around the end and again, and never lie on one another") {
    auto random = generator();
    for (const std::size_t capacity : {64U, 128U, 640U, 4096U, 10'000U})
        for (const std::size_t most : {1U, 2U, 5U, 64U}) {
            CAPTURE(capacity);
            CAPTURE(most);
            named<message_queue> q{create_only, fresh_name(), capacity, most};
            CHECK(q->capacity() == (capacity + 63) / 64 * 64);
            CHECK(q->max_messages() == most);
            std::deque<std::pair<std::size_t, std::size_t>> under_way; // number, size
            std::deque<std::pair<message, std::size_t>> held;
            std::size_t number = 0;
            std::size_t went_in = 0;
            for (int step = 0; step < 3000; ++step) {
                if (random() % 2 == 0) {
                    const auto size = random() % (random() % 4 == 0 ? q->capacity() + 1 : 200);
                    if (size > q->max_message())
                        continue;
                    if (auto r = q->try_reserve(size)) {
                        const auto content = filled(size, number);
                        std::copy(content.begin(), content.end(), r.data().begin());
                        r.commit();
                        under_way.emplace_back(number++, size);
                        ++went_in;
                    } else {
                        CHECK((!under_way.empty() || !held.empty())); // or everything fits
                    }
                } else if (random() % 2 == 0) {
                    if (auto m = q->try_receive()) {
                        REQUIRE_FALSE(under_way.empty());
                        const auto [n, size] = under_way.front();
                        under_way.pop_front();
                        CHECK(same(m.data(), filled(size, n)));
                        held.emplace_back(std::move(m), n);
                    } else {
                        CHECK(under_way.empty());
                    }
                } else if (!held.empty()) {
                    const auto which = held.begin() + static_cast<std::ptrdiff_t>(random() % held.size());
                    CHECK(same(which->first.data(), filled(which->first.size(), which->second))); // still
                    held.erase(which);
                }
                CHECK(q->size() == under_way.size());
            }
            CHECK(went_in > 20);
        }
}

TEST_CASE("less than what was reserved may be committed, but not more") {
    named<message_queue> q{create_only, fresh_name(), 4096};
    auto r = q->reserve(100);
    CHECK(error_of([&] { r.commit(101); }) == errc::invalid_argument);
    CHECK(r);
    r.commit(10);
    CHECK(q->receive().size() == 10);
    q->reserve(100).commit(0);
    CHECK(q->receive().size() == 0);
}

TEST_CASE("a reservation that is let go, or moved, sends nothing, and its room comes back") {
    named<message_queue> q{create_only, fresh_name(), 640, 4};
    for (int i = 0; i < 20; ++i) {
        auto r = q->reserve(640);
        CHECK_FALSE(q->try_reserve(1));
        if (i % 2 == 0)
            r.abort();
        r = reservation();
        CHECK(q->empty());
    }
    CHECK_FALSE(q->try_receive());
}

TEST_CASE("a reservation that is still written is passed over, and comes before all that were reserved later") {
    named<message_queue> q{create_only, fresh_name(), 4096};
    auto first = q->reserve(1);
    auto second = q->reserve(2);
    q->push(filled(3, 0));
    q->push(filled(4, 0));
    CHECK(q->receive().size() == 3);
    first.commit();
    CHECK(q->receive().size() == 1);
    CHECK(q->receive().size() == 4);
    CHECK_FALSE(q->try_receive());
    second.commit();
    CHECK(q->receive().size() == 2);
}

TEST_CASE("a message that is put back comes again, first, and says so; one that is let go does not") {
    named<message_queue> q{create_only, fresh_name(), 4096};
    for (std::size_t size = 1; size <= 4; ++size)
        q->push(filled(size, size));
    auto one = q->receive();
    auto two = q->receive();
    two.put_back();
    one.put_back();
    CHECK_FALSE(one);
    CHECK(q->size() == 4);
    for (std::size_t size = 1; size <= 4; ++size) {
        const auto m = q->receive();
        CHECK(same(m.data(), filled(size, size)));
        CHECK(m.redelivered() == (size <= 2 ? 1 : 0));
    }
    q->push(filled(9, 9));
    CHECK(q->receive().redelivered() == 0);
    CHECK(q->empty());
}

TEST_CASE("what is held keeps its bytes, and those after it, once the ring has come round") {
    named<message_queue> q{create_only, fresh_name(), 640, 64};
    q->push(filled(64, 1));
    auto held = q->receive();
    int more = 0;
    while (q->try_push(filled(64, 2))) {
        (void)q->receive();
        ++more;
    }
    CHECK(more == 9);
    CHECK(same(held.data(), filled(64, 1)));
    held.release();
    CHECK(q->try_push(filled(640, 3)));
}

TEST_CASE("a message larger than the queue is an error that names the queue and both sizes") {
    const auto name = fresh_name();
    named<message_queue> q{create_only, name, 1000};
    CHECK(q->max_message() == 1024);
    std::error_code error;
    const auto refused = refusal_of([&] { (void)q->reserve(1025); });
    CHECK(refused.code == errc::too_large);
    for (const auto& part : {name, std::string("1025"), std::string("1024"), std::string("reserve")})
        CHECK_MESSAGE(refused.says(part), refused.text);
    CHECK(error_of([&] { q->push(bytes(1025)); }) == errc::too_large);
    CHECK_FALSE(q->try_reserve(1025, error));
    CHECK(error == errc::too_large);
    CHECK(error == std::errc::message_size);
    CHECK_FALSE(q->reserve(1025, error));
    CHECK(error == errc::too_large);
    CHECK(error_of([&] { (void)q->reserve_for(1h, 1025); }) == errc::too_large);
    CHECK(q->try_reserve(1024, error));
    CHECK_FALSE(error);
}

TEST_CASE("copies go in and come out, and a buffer that is too small costs nothing") {
    const auto name = fresh_name();
    named<message_queue> q{create_only, name, 4096};
    q->push(filled(100, 1));
    CHECK(q->try_push(filled(10, 2)));
    CHECK(q->push_for(0s, filled(11, 3)));
    CHECK(q->push_until(std::chrono::steady_clock::now(), filled(12, 4)));
    bytes small(99);
    const auto refused = refusal_of([&] { q->pop(small); });
    CHECK(refused.code == errc::too_large);
    for (const auto& part : {name, std::string("100"), std::string("99")})
        CHECK_MESSAGE(refused.says(part), refused.text);
    CHECK(q->size() == 4);
    CHECK(q->pop() == filled(100, 1));
    CHECK(q->pop(small) == 10);
    CHECK(same(std::span(small).first(10), filled(10, 2)));
    CHECK(q->pop_for(0s, small) == 11);
    CHECK(q->pop_until(std::chrono::steady_clock::now(), small) == 12);
    CHECK_FALSE(q->pop_for(0s, small));
    CHECK_FALSE(q->try_pop(small));
    q->push(filled(5, 5));
    CHECK(q->try_pop(small) == 5);
}

TEST_CASE("without room, and without a message, tries fail and timed waits give up, not early, and change nothing") {
    named<message_queue> q{create_only, fresh_name(), 128};
    std::error_code error = errc::closed;
    CHECK_FALSE(q->try_receive(error));
    CHECK_FALSE(error);
    auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(q->receive_for(20ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
    q->push(filled(128, 1));
    error = errc::closed;
    CHECK_FALSE(q->try_reserve(1, error));
    CHECK_FALSE(error);
    begin = std::chrono::steady_clock::now();
    CHECK_FALSE(q->reserve_for(20ms, 1));
    CHECK_FALSE(q->reserve_until(begin + 40ms, 1));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
    CHECK_FALSE(q->push_for(0s, filled(1, 1)));
    CHECK(q->receive_for(-1h)->size() == 128);
    CHECK(q->reserve_for(-1h, 1));
}

TEST_CASE(
    "a closed queue takes nothing more, gives what it has and what was reserved, and then says that it is closed") {
    named<message_queue> q{create_only, fresh_name(), 4096};
    q->push(filled(1, 1));
    auto r = q->reserve(2);
    q->close();
    CHECK(q->is_closed());
    std::error_code error;
    CHECK(error_of([&] { (void)q->reserve(1); }) == errc::closed);
    CHECK_FALSE(q->reserve(1, error));
    CHECK(error == errc::closed);
    error.clear();
    CHECK_FALSE(q->try_reserve(1, error));
    CHECK(error == errc::closed);
    CHECK(error_of([&] { (void)q->push_for(1h, filled(1, 1)); }) == errc::closed);
    CHECK_FALSE(q->push(filled(1, 1), error));

    auto m = q->receive(error);
    CHECK_FALSE(error);
    CHECK(m.size() == 1);
    error = errc::closed;
    CHECK_FALSE(q->try_receive(error)); // something is still to come
    CHECK_FALSE(error);
    r.commit();
    CHECK(q->receive().size() == 2);
    CHECK(error_of([&] { (void)q->receive(); }) == errc::closed); // though this process has the first on loan
    CHECK_FALSE(q->receive(error));
    CHECK(error == errc::closed);
    error.clear();
    CHECK_FALSE(q->try_receive(error));
    CHECK(error == errc::closed);
    bytes buffer(1);
    CHECK(error_of([&] { (void)q->pop_for(1h, buffer); }) == errc::closed);
}

TEST_CASE("closing wakes those who sleep at either end, and aborting a last reservation those who wait for it") {
    named<message_queue> empty{create_only, fresh_name(), 64};
    named<message_queue> full{create_only, fresh_name(), 64};
    named<message_queue> open{create_only, fresh_name(), 64};
    full->push(filled(64, 1));
    auto last = open->reserve(1);
    open->close();
    std::atomic<int> told{0};
    std::deque<sleeper> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] { told += error_of([&] { (void)empty->receive(); }) == errc::closed ? 1 : 0; });
        threads.emplace_back([&] { told += error_of([&] { (void)full->reserve(1); }) == errc::closed ? 1 : 0; });
        threads.emplace_back([&] { told += error_of([&] { (void)open->receive(); }) == errc::closed ? 1 : 0; });
    }
    for (const auto& t : threads)
        t.until_asleep();
    empty->close();
    full->close();
    last.abort();
    threads.clear();
    CHECK(told.load() == 9);
}

TEST_CASE("room that comes is enough for the small one, though a large one sleeps for more") {
    named<message_queue> q{create_only, fresh_name(), 640};
    q->push(filled(64, 1));
    q->push(filled(576, 1));
    sleeper large([&] { CHECK(q->reserve(640).size() == 640); });
    large.until_asleep();
    sleeper small([&] { q->push(filled(10, 7)); });
    small.until_asleep();
    (void)q->receive();
    small.join();
    CHECK(q->receive().size() == 576);
    CHECK(q->receive().size() == 10);
}

TEST_CASE(
    "threads at both ends, in place and out of order: each message arrives once, whole, in its producer's order") {
    for (const std::size_t capacity : {640U, 10'000U}) {
        CAPTURE(capacity);
        named<message_queue> q{create_only, fresh_name(), capacity, 7};
        constexpr std::uint32_t each = 3000;
        std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> received(3);
        std::atomic<int> torn{0};
        {
            std::deque<sleeper> consumers;
            for (auto& mine : received)
                consumers.emplace_back([&] {
                    std::error_code error;
                    message before;
                    while (auto m = q->receive(error)) {
                        std::uint32_t head[2];
                        std::memcpy(head, m.data().data(), sizeof head);
                        const auto rest = m.data().subspan(sizeof head);
                        torn += same(rest, filled(rest.size(), head[1])) ? 0 : 1;
                        mine.emplace_back(head[0], head[1]);
                        before = std::move(m); // holds two for a moment
                        before.release();
                    }
                });
            std::deque<sleeper> producers;
            for (std::uint32_t p = 0; p < 3; ++p)
                producers.emplace_back([&, p] {
                    for (std::uint32_t i = 0; i < each; ++i) {
                        auto r = q->reserve(8 + i * 13 % 200);
                        if (i % 17 == 0) {
                            r.abort();
                            r = q->reserve(8 + i * 13 % 200);
                        }
                        const std::uint32_t head[2] = {p, i};
                        std::memcpy(r.data().data(), head, sizeof head);
                        const auto rest = filled(r.size() - sizeof head, i);
                        std::copy(rest.begin(), rest.end(), r.data().begin() + sizeof head);
                        r.commit();
                    }
                });
            producers.clear();
            q->close();
        }
        CHECK(torn.load() == 0);
        std::map<std::pair<std::uint32_t, std::uint32_t>, int> times;
        for (const auto& mine : received) {
            std::map<std::uint32_t, std::int64_t> last;
            for (const auto& [p, i] : mine) {
                ++times[{p, i}];
                const auto before = last.contains(p) ? last[p] : -1;
                CHECK(before < i);
                last[p] = i;
            }
        }
        CHECK(times.size() == 3 * each);
        CHECK(std::all_of(times.begin(), times.end(), [](const auto& t) { return t.second == 1; }));
    }
}

TEST_CASE("a queue is opened with the same sizes, or with none, and is refused with others") {
    const auto name = fresh_name();
    named<message_queue> q{create_only, name, 1000, 5};
    CHECK(named<message_queue> { open_only, name } -> capacity() == 1024);
    CHECK(named<message_queue> { open_only, name } -> max_messages() == 5);
    CHECK(named<message_queue> { open_or_create, name, 1024, 5 } -> capacity() == 1024);
    const auto refused = refusal_of([&] { named<message_queue>(open_or_create, name, 2000, 5); });
    CHECK(refused.code == errc::incompatible);
    CHECK_MESSAGE(refused.says("2048"), refused.text);
    CHECK(error_of([&] { named<message_queue>(open_or_create, name, 1000, 6); }) == errc::incompatible);
    for (const long long wrong : {0LL, -1LL}) {
        CHECK(error_of([&] { named<message_queue>(create_only, fresh_name(), wrong); }) == errc::invalid_argument);
        CHECK(error_of([&] { named<message_queue>(create_only, fresh_name(), 64, wrong); }) == errc::invalid_argument);
    }
    CHECK(named<message_queue> { create_only, fresh_name(), 1 << 20 } -> max_messages() == 4096);
    CHECK(named<message_queue> { create_only, fresh_name(), 1 } -> max_messages() == 16);
}

TEST_CASE("whatever is written over the shared words, nothing lies outside the queue, and every call ends") {
    auto random = generator();
    const auto rounds = knob("CROSSWAKE_TEST_SCRIBBLES", 20'000);
    std::size_t corrupted = 0;
    std::size_t fine = 0;
    std::optional<named<message_queue>> q;
    for (auto round = rounds; round-- > 0;) {
        if (!q || round % 50 == 0)
            q.emplace(create_only, fresh_name(), 1024, 6);
        const auto ring = (*q)->ring();
        auto* const start = reinterpret_cast<std::byte*>(&ring.core());
        const auto words = sizeof(detail::message_core) + 6 * sizeof(detail::message_slot);
        auto* const first = start + words;
        const auto inside = [&](std::span<const std::byte> s) {
            return s.empty() || (s.data() >= first && s.data() + s.size() <= first + 1024);
        };
        const auto count = [&](std::error_code e) { (e == errc::corrupted ? corrupted : fine) += 1; };
        std::error_code error;
        auto r = (*q)->try_reserve(random() % 400, error);
        count(error);
        CHECK(inside(r.data()));
        if (r && random() % 4 != 0)
            r.commit();
        auto m = (*q)->try_receive(error);
        count(error);
        CHECK(inside(m.data()));
        if (random() % 2 == 0)
            m.put_back();
        if (random() % 8 == 0) {
            // A whole word or one byte; but not the wait words, which are not this primitive's own, nor `closed`.
            auto at = random() % words / 8 * 8;
            if (at >= 128 && at < 192)
                at -= 128;
            const auto value = random() % 3 == 0 ? random() : random() % 3 == 0 ? ~std::uint64_t{0} : random() % 8;
            std::memcpy(start + at, &value, random() % 2 == 0 ? 8 : 1);
        }
        (void)(*q)->size();
        (void)ring.may_receive();
        (void)ring.may_reserve();
    }
    CHECK(corrupted > 0);
    CHECK(fine > 0);
    MESSAGE(rounds, " rounds: ", fine, " calls were fine, ", corrupted, " were told that it is corrupted");
}
