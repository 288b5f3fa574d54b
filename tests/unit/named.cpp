// Named objects: names, kinds, sizes, parameters, damage, and handles.
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/refusal.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <core/segment.hpp>
#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;
using namespace std::chrono_literals;

namespace {

/// Refused as incompatible, with the name, what it is, and what was wanted.
template <class Call>
void check_incompatible(const std::string& name, const std::string& has, const std::string& wanted, Call call) {
    const auto r = refusal_of(call);
    CAPTURE(r.text);
    CHECK(r.code == errc::incompatible);
    CHECK(r.says('"' + name + '"'));
    CHECK(r.says(has));
    CHECK(r.says(wanted));
}

struct small {
    std::uint32_t value;
};
struct large {
    std::uint64_t values[10];
};
struct alignas(32) aligned {
    std::uint32_t value;
    std::byte rest[28];
};
struct unaligned {
    std::uint32_t value;
    std::byte rest[28];
};
struct apple {
    static constexpr std::string_view crosswake_name = "apple";
    int weight;
};
struct pear {
    static constexpr std::string_view crosswake_name = "pear";
    int weight;
};

struct board {
    mutex door;
    semaphore seats{2, 4};
    event bell{reset_mode::manual};
    queue<int, 3> notes;
    int scores[16];
};

struct refuses_to_exist {
    explicit refuses_to_exist(bool with_code) {
        if (with_code)
            throw std::system_error(std::make_error_code(std::errc::io_error), "no such luck");
        throw std::runtime_error("no luck");
    }
    semaphore s;
};

struct with_arguments {
    with_arguments(int x, double y) : a(x), b(y) {}
    int a;
    double b;
};

static_assert(!std::is_copy_constructible_v<named<mutex>>);
static_assert(std::is_nothrow_move_constructible_v<named<mutex>>);
static_assert(std::is_nothrow_move_assignable_v<named<mutex>>);

using layout = core::segment_layout;
constexpr std::size_t shape_at = offsetof(layout, shape);

} // namespace

TEST_CASE("names of 1 to 200 letters, digits, dots, underscores and dashes are accepted") {
    const auto stem = fresh_name();
    for (const auto& name :
         {stem, stem + ".a_b-C9", stem + std::string(200 - stem.size(), 'x'), stem + "..", stem + "-"}) {
        const named<small> s{create_only, name};
        CHECK(s.name() == name);
    }
}

TEST_CASE("any other name is refused, whatever is asked for") {
    std::vector<std::string> bad{"",
                                 "a/b",
                                 "/",
                                 "a b",
                                 "a\\b",
                                 "\xc3\xa9",
                                 "a\n",
                                 "*",
                                 "a:b",
                                 "../up",
                                 "\xff ",
                                 "%n%s",
                                 "name\t",
                                 std::string(201, 'x'),
                                 std::string("a\0b", 3)};
    for (const auto& name : bad) {
        CAPTURE(name);
        CHECK(refusal_of([&] { named<small>{create_only, name}; }).code == errc::invalid_name);
        CHECK(refusal_of([&] { named<small>{open_only, name}; }).code == errc::invalid_name);
        CHECK(refusal_of([&] { named<queue<int>>{open_or_create, name, 4}; }).code == errc::invalid_name);
    }
}

TEST_CASE("create_only makes what is not there, open_only opens what is, open_or_create does either") {
    const auto name = fresh_name();
    CHECK(refusal_of([&] { named<semaphore>{open_only, name}; }).code == errc::not_found);
    {
        const named<semaphore> first{open_or_create, name, 3};
        const named<semaphore> second{open_or_create, name, 8};
        CHECK(second->available() == 3);
        CHECK(refusal_of([&] { named<semaphore>{create_only, name, 3}; }).code == errc::already_exists);
        first->release();
        CHECK(named<semaphore> { open_only, name } -> available() == 4);
    }
    CHECK(refusal_of([&] { named<semaphore>{open_only, name}; }).code == errc::not_found);
    CHECK(named<semaphore> { create_only, name, 1 } -> available() == 1);
}

TEST_CASE("the arguments after the name are those of the constructor") {
    const auto name = fresh_name();
    const named<with_arguments> w{create_only, name, 3, 4.5};
    CHECK(w->a == 3);
    CHECK(w->b == 4.5);
    const named<event> e{create_only, fresh_name(), reset_mode::manual, true};
    CHECK(e->is_set());
    CHECK(e->mode() == reset_mode::manual);
    const named<std::array<int, 3>> plain{create_only, fresh_name(), permissions::this_user};
    CHECK(*plain == std::array<int, 3>{});
    const named<semaphore> s{create_only, fresh_name(), permissions::group, 2, 5};
    CHECK(s->available() == 2);
    CHECK(s->maximum() == 5);
}

TEST_CASE("an object of another kind is refused, and both kinds are named") {
    const auto name = fresh_name();
    const named<semaphore> s{create_only, name};
    check_incompatible(name, "semaphore", "mutex", [&] { named<mutex>{open_only, name}; });
    check_incompatible(name, "semaphore", "mutex", [&] { named<mutex>{open_or_create, name}; });
    check_incompatible(name, "semaphore", "queue", [&] { named<queue<int>>{open_only, name}; });
    check_incompatible(name, "semaphore", "object", [&] { named<small>{open_only, name}; });
    CHECK(s->available() == 0);
}

TEST_CASE("types that give themselves names are told apart by them, though their bytes are alike") {
    const auto name = fresh_name();
    const named<apple> a{create_only, name, 5};
    check_incompatible(name, "apple", "pear", [&] { named<pear>{open_only, name}; });
    CHECK(named<apple> { open_only, name } -> weight == 5);
}

TEST_CASE("an object of another size or alignment is refused, and both numbers are named") {
    const auto name = fresh_name();
    const named<small> s{create_only, name};
    check_incompatible(name, "4", "80", [&] { named<large>{open_only, name}; });
    const auto other = fresh_name();
    const named<unaligned> u{create_only, other};
    check_incompatible(other, "4", "32", [&] { named<aligned>{open_only, other}; });
}

TEST_CASE("a queue of other items is refused, and both sizes are named") {
    const auto name = fresh_name();
    const named<queue<std::uint16_t>> q{create_only, name, 77};
    check_incompatible(name, "2", "80", [&] { named<queue<large>>{open_only, name}; });
    check_incompatible(name, "2", "4", [&] { named<queue<float>>{open_or_create, name, 77}; });
}

TEST_CASE("what is fixed for life has to match when it is asked for, and is left to the object by open_only") {
    const auto queue_name = fresh_name();
    const named<queue<int>> q{create_only, queue_name, 77};
    check_incompatible(queue_name, "77", "78", [&] { named<queue<int>>{open_or_create, queue_name, 78}; });
    CHECK(refusal_of([&] { named<queue<int>>{open_or_create, queue_name, 78}; }).says("capacity"));
    CHECK(named<queue<int>> { open_or_create, queue_name, 77 } -> capacity() == 77);
    CHECK(named<queue<int>> { open_only, queue_name } -> capacity() == 77);

    const auto semaphore_name = fresh_name();
    const named<semaphore> s{create_only, semaphore_name, 1, 66};
    check_incompatible(semaphore_name, "66", "55", [&] { named<semaphore>{open_or_create, semaphore_name, 1, 55}; });
    CHECK(refusal_of([&] { named<semaphore>{open_or_create, semaphore_name, 1, 55}; }).says("maximum"));
    CHECK(named<semaphore> { open_only, semaphore_name } -> maximum() == 66);
    CHECK(named<semaphore> { open_or_create, semaphore_name, 9, 66 } -> available() == 1);

    const auto event_name = fresh_name();
    const named<event> e{create_only, event_name, reset_mode::manual};
    CHECK(refusal_of([&] { named<event>{open_or_create, event_name}; }).code == errc::incompatible);
    CHECK(refusal_of([&] { named<event>{open_or_create, event_name}; }).says("reset mode"));
    CHECK(named<event> { open_only, event_name } -> mode() == reset_mode::manual);
}

TEST_CASE("an object of another layout version is refused, and both versions are named") {
    const auto name = fresh_name();
    const named<semaphore> s{create_only, name};
    raw_object raw(name);
    const auto version = raw.get<std::uint32_t>(offsetof(layout, version));
    raw.put(offsetof(layout, version), std::uint32_t{4711});
    check_incompatible(name, "4711", std::to_string(version), [&] { named<semaphore>{open_only, name}; });
    raw.put(offsetof(layout, version), version);
    CHECK_FALSE(refusal_of([&] { named<semaphore>{open_only, name}; }).code);
}

TEST_CASE("an object whose first bytes are not this library's is refused as such") {
    const auto name = fresh_name();
    const named<semaphore> s{create_only, name};
    raw_object raw(name);
    raw.put(offsetof(layout, magic), std::uint64_t{0});
    const auto r = refusal_of([&] { named<semaphore>{open_only, name}; });
    CHECK(r.code == errc::corrupted);
    CHECK(r.says('"' + name + '"'));
}

TEST_CASE("a header that contradicts the object's size is refused, whichever of its numbers it is") {
    const std::uint64_t nonsense[] = {0,
                                      1,
                                      7,
                                      1 << 20,
                                      std::uint64_t{1} << 40,
                                      std::numeric_limits<std::uint64_t>::max() - 7,
                                      std::numeric_limits<std::uint64_t>::max()};
    for (const auto at : {offsetof(layout, object_offset), offsetof(layout, crowd_offset),
                          shape_at + offsetof(core::shape_layout, bytes)})
        for (const auto value : nonsense) {
            CAPTURE(at);
            CAPTURE(value);
            const auto name = fresh_name();
            const named<queue<int>> q{create_only, name, 16};
            raw_object raw(name);
            raw.put(at, value);
            const auto r = refusal_of([&] { named<queue<int>>{open_only, name}; });
            CAPTURE(r.text);
            CHECK((r.code == errc::corrupted || r.code == errc::incompatible));
            CHECK(r.says('"' + name + '"'));
        }
}

TEST_CASE("an object that is not where its alignment wants it is refused") {
    const auto name = fresh_name();
    const named<queue<int>> q{create_only, name, 16};
    raw_object raw(name);
    raw.put(offsetof(layout, object_offset), raw.get<std::uint64_t>(offsetof(layout, object_offset)) + 4);
    CHECK(refusal_of([&] { named<queue<int>>{open_only, name}; }).code == errc::corrupted);
}

TEST_CASE("random bytes in the header are an error or no harm, never a crash") {
    auto random = generator();
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 500);
    for (auto n = rounds; n-- > 0;) {
        const auto name = fresh_name();
        const named<queue<int>> q{create_only, name, 16};
        raw_object raw(name);
        const auto hits = random() % 4 + 1;
        for (auto i = hits; i-- > 0;)
            raw.put(64 + random() % (sizeof(layout) - 64 - 8), random() % 2 == 0 ? random() : random() % 4096);
        try {
            named<queue<int>> damaged{open_only, name};
            (void)damaged->try_push(1);
            (void)damaged->try_pop();
            (void)damaged->size();
            damaged->close();
        } catch (const std::system_error&) {
        }
    }
}

TEST_CASE("random bytes in a queue are an error or no harm, never an access out of its memory") {
    auto random = generator(1);
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 500);
    for (auto n = rounds; n-- > 0;) {
        const auto name = fresh_name();
        named<queue<int>> q{create_only, name, 16};
        raw_object raw(name);
        const auto object = raw.get<std::uint64_t>(offsetof(layout, object_offset));
        for (auto i = random() % 4 + 1; i-- > 0;)
            raw.put(object + random() % (sizeof(detail::queue_core) - 8), random() % 2 == 0 ? random() : random() % 64);
        std::error_code error;
        for (int i = 0; i < 20; ++i) {
            (void)q->try_push(i, error);
            (void)q->try_pop(error);
            CHECK(q->size() <= q->capacity());
        }
    }
}

TEST_CASE("a queue whose positions cannot be is corrupted, and says so instead of taking or giving anything") {
    const auto name = fresh_name();
    named<queue<int>> q{create_only, name, 16};
    raw_object raw(name);
    const auto object = raw.get<std::uint64_t>(offsetof(layout, object_offset));
    raw.put(object + offsetof(detail::queue_layout, tail) + offsetof(detail::queue_end_layout, position),
            std::uint64_t{99});
    std::error_code error;
    CHECK_FALSE(q->try_push(1, error));
    CHECK(error == errc::corrupted);
    CHECK_FALSE(q->try_pop(error));
    CHECK(error == errc::corrupted);
    CHECK(refusal_of([&] { q->push(1); }).code == errc::corrupted);
    CHECK(refusal_of([&] { (void)q->pop(); }).code == errc::corrupted);
}

TEST_CASE("an object that somebody has cut off is refused, at whatever length") {
    for (const std::size_t length : {1U, 63U, 64U, 1000U, 1215U, 1216U, 4096U, 69'631U}) {
        CAPTURE(length);
        const auto name = fresh_name();
        std::vector<std::byte> bytes;
        {
            const named<queue<int>> q{create_only, name, 16};
            const raw_object raw(name);
            bytes.resize(raw.size());
            raw.read(0, bytes.data(), bytes.size());
        }
        REQUIRE(length < bytes.size());
        raw_object cut(name);
        cut.write(0, bytes.data(), length);
        const auto r = refusal_of([&] { named<queue<int>>{open_only, name}; });
        CHECK(r.code == errc::corrupted);
        CHECK(r.says('"' + name + '"'));
    }
}

TEST_CASE("an empty file under an object's name is refused, not waited for and not used") {
    const auto name = fresh_name();
    const raw_object nothing(name);
    CHECK(refusal_of([&] { named<small>{open_only, name}; }).code == errc::corrupted);
    CHECK(refusal_of([&] { named<small>{open_or_create, name}; }).code == errc::corrupted);
    CHECK(refusal_of([&] { named<small>{create_only, name}; }).code == errc::already_exists);
}

TEST_CASE("a file that nobody holds is what a dead process left, and gives way, however long it is") {
    for (const std::size_t length : {0U, 1U, 100U, 5000U}) {
        CAPTURE(length);
        const auto meet = [length](auto&& comes) {
            const auto name = fresh_name();
            raw_object left(name);
            left.resize(length);
            left.let_go();
            comes(name);
        };
        meet([](const auto& name) {
            CHECK(refusal_of([&] { named<semaphore>{open_only, name}; }).code == errc::not_found);
            CHECK_FALSE(raw_object::exists(name));
        });
        meet([](const auto& name) { CHECK(named<semaphore> { create_only, name, 3 } -> available() == 3); });
        meet([](const auto& name) { CHECK(named<semaphore> { open_or_create, name, 3 } -> available() == 3); });
    }
}

TEST_CASE("capacities that cannot be are refused with the number") {
    const auto name = fresh_name();
    const auto make = [&](auto capacity) {
        return refusal_of([&] { named<queue<large>>{create_only, name, capacity}; });
    };
    for (const auto& r :
         {make(0), make(-1), make(std::numeric_limits<int>::min()), make(std::uint64_t{1} << 32),
          make(std::numeric_limits<std::int64_t>::max()), make(std::numeric_limits<std::size_t>::max())}) {
        CAPTURE(r.text);
        CHECK(r.code == errc::invalid_argument);
        CHECK(r.says('"' + name + '"'));
        CHECK(r.says("capacity"));
    }
    CHECK(make(-1).says("-1"));
    CHECK(refusal_of([&] { named<queue<int>>{open_or_create, name, 0}; }).code == errc::invalid_argument);
    CHECK_FALSE(raw_object::exists(name));
    CHECK(named<queue<large>> { create_only, name, 1 } -> capacity() == 1);
}

TEST_CASE("a queue that is larger than any segment is refused, and not begun") {
    const auto name = fresh_name();
    const auto r = refusal_of([&] {
        named<queue<std::array<char, 4096>>>{create_only, name, std::numeric_limits<std::uint32_t>::max()};
    });
    CHECK((r.code == errc::invalid_argument || r.code == errc::no_space));
    CHECK(r.says('"' + name + '"'));
    CHECK_FALSE(raw_object::exists(name));
}

TEST_CASE("counts and maxima that cannot be are refused with the name") {
    const auto name = fresh_name();
    for (const auto& [initial, maximum] : {std::pair{-1, 5}, {6, 5}, {0, 0}, {0, -3}}) {
        const auto r = refusal_of([&, i = initial, m = maximum] { named<semaphore>{create_only, name, i, m}; });
        CHECK(r.code == errc::invalid_argument);
        CHECK(r.says('"' + name + '"'));
    }
    CHECK_FALSE(raw_object::exists(name));
}

TEST_CASE("a constructor that throws leaves nothing, and what it threw arrives") {
    const auto name = fresh_name();
    const auto before = descriptor_count();
    CHECK_THROWS_WITH_AS((named<refuses_to_exist>{create_only, name, false}), "no luck", std::runtime_error);
    const auto r = refusal_of([&] { named<refuses_to_exist>{open_or_create, name, true}; });
    CHECK(r.code == std::errc::io_error);
    CHECK(r.says("no such luck"));
    CHECK(r.says('"' + name + '"'));
    CHECK_FALSE(raw_object::exists(name));
    CHECK(descriptor_count() == before);
    const named<semaphore> s{create_only, name, 2};
    CHECK(s->available() == 2);
}

TEST_CASE("primitives inside a struct of the user's work in place") {
    const auto name = fresh_name();
    named<board> b{create_only, name};
    const named<board> same{open_only, name};
    CHECK(b->door.lock() == lock_status::acquired);
    CHECK_FALSE(same->door.try_lock_for(1ms));
    b->door.unlock();
    CHECK(same->seats.available() == 2);
    CHECK(b->seats.try_acquire());
    CHECK(b->seats.try_acquire());
    CHECK_FALSE(same->seats.try_acquire_for(1ms));
    CHECK_FALSE(b->bell.wait_for(1ms));
    same->bell.set();
    b->bell.wait();
    b->notes.push(4);
    CHECK(same->notes.pop() == 4);
    CHECK_FALSE(same->notes.pop_for(1ms));
    CHECK(b->scores[15] == 0);
    b->scores[15] = 9;
    CHECK(same->scores[15] == 9);
}

TEST_CASE("handles move: what was moved from lets go of nothing, what was moved to lets go of what it had") {
    const auto one = fresh_name();
    const auto two = fresh_name();
    std::optional<named<semaphore>> a(std::in_place, create_only, one, 1);
    named<semaphore> b{std::move(*a)};
    a.reset();
    CHECK(raw_object::exists(one));
    CHECK(b->available() == 1);
    CHECK(b.name() == one);
    b = named<semaphore>{create_only, two, 2};
    CHECK_FALSE(raw_object::exists(one));
    CHECK(b->available() == 2);
    CHECK(b.name() == two);
    auto& itself = b;
    b = std::move(itself);
    CHECK(b->available() == 2);
    CHECK(raw_object::exists(two));
    std::vector<named<semaphore>> many;
    for (int i = 0; i < 10; ++i)
        many.emplace_back(create_only, fresh_name(), i);
    for (int i = 0; i < 10; ++i)
        CHECK(many[static_cast<std::size_t>(i)]->available() == i);
}

TEST_CASE("a queue's handle moves with the queue that it shows") {
    named<queue<int>> a{create_only, fresh_name(), 4};
    a->push(1);
    named<queue<int>> b{std::move(a)};
    CHECK(b->pop() == 1);
    named<queue<int>> c{create_only, fresh_name(), 2};
    c = std::move(b);
    CHECK(c->capacity() == 4);
}

TEST_CASE("a handle says where the object is, in every way that a pointer does") {
    const auto name = fresh_name();
    const named<small> s{create_only, name};
    CHECK(&*s == s.get());
    CHECK(s.operator->() == s.get());
    const named<aligned> a{create_only, fresh_name()};
    CHECK(reinterpret_cast<std::uintptr_t>(a.get()) % alignof(aligned) == 0);
    s->value = 5;
    const named<small> again{open_only, name};
    CHECK(again.get() != s.get());
    CHECK(again->value == 5);
}
