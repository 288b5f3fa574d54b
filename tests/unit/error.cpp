// Errors: their texts, and what they equal.
#include <support/names.hpp>
#include <support/refusal.hpp>

#include <crosswake/error.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <system_error>

using namespace crosswake;
using namespace crosswake::test;

namespace {

constexpr errc all[] = {errc::closed,
                        errc::timed_out,
                        errc::aborted,
                        errc::not_found,
                        errc::already_exists,
                        errc::permission_denied,
                        errc::incompatible,
                        errc::corrupted,
                        errc::invalid_name,
                        errc::invalid_argument,
                        errc::not_shared,
                        errc::no_space,
                        errc::too_many_permits,
                        errc::operation_not_permitted,
                        errc::too_many_reactors,
                        errc::too_large};

template <class Call>
std::string text_of(Call call) {
    return refusal_of(call).text;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("every error has a text of its own") {
    std::set<std::string> texts;
    for (const auto e : all) {
        const auto text = std::error_code(e).message();
        CHECK_FALSE(text.empty());
        CHECK_FALSE(has(text, "unknown"));
        CHECK(texts.insert(text).second);
    }
    CHECK(has(error_category().message(0), "unknown error 0"));
    CHECK(has(error_category().message(9999), "unknown error 9999"));
}

TEST_CASE("an error is of this library's category, and no error by its value alone") {
    CHECK(std::string(error_category().name()) == "crosswake");
    for (const auto e : all) {
        const std::error_code code = e;
        CHECK(code);
        CHECK(code.category() == error_category());
        CHECK(code == make_error_code(e));
        CHECK(code != std::error_code(code.value(), std::generic_category()));
    }
}

TEST_CASE("errors equal the standard's conditions of the same meaning") {
    const auto equals = [](errc e, std::errc condition) { return std::error_code(e) == condition; };
    CHECK(equals(errc::timed_out, std::errc::timed_out));
    CHECK(equals(errc::aborted, std::errc::operation_canceled));
    CHECK(equals(errc::not_found, std::errc::no_such_file_or_directory));
    CHECK(equals(errc::already_exists, std::errc::file_exists));
    CHECK(equals(errc::permission_denied, std::errc::permission_denied));
    CHECK(equals(errc::invalid_name, std::errc::invalid_argument));
    CHECK(equals(errc::invalid_argument, std::errc::invalid_argument));
    CHECK(equals(errc::no_space, std::errc::no_space_on_device));
    CHECK(equals(errc::operation_not_permitted, std::errc::operation_not_permitted));
    CHECK_FALSE(equals(errc::closed, std::errc::timed_out));
    CHECK_FALSE(equals(errc::corrupted, std::errc::invalid_argument));
}

TEST_CASE("what a call on an object throws names the call, the object and the cause") {
    struct room {
        semaphore permits{0, 1};
        mutex door;
        queue<int, 1> items;
    };
    const auto name = fresh_name();
    const auto in_it = " in \"" + name + "\": ";
    named<room> r{create_only, name};
    r->items.close();
    CHECK(text_of([&] { r->permits.release(2); }) == "semaphore::release" + in_it + "more permits than the maximum");
    CHECK(has(text_of([&] { r->permits.release(-1); }), in_it + "invalid argument"));
    CHECK(has(text_of([&] { r->door.unlock(); }), "mutex::unlock" + in_it + "operation not permitted"));
    CHECK(has(text_of([&] { r->door.mark_sound(); }), "mutex::mark_sound" + in_it + "operation not permitted"));
    CHECK(text_of([&] { r->items.push(1); }) == "queue::push" + in_it + "closed");
    CHECK(text_of([&] { (void)r->items.pop(); }) == "queue::pop" + in_it + "closed");
}

TEST_CASE("to open a queue with another capacity than it has is an error that names both") {
    const auto name = fresh_name();
    const named<queue<int>> q{create_only, name, 1024};
    for (const int capacity : {512, 2048}) {
        const auto text = text_of([&] { named<queue<int>>{open_only, name, capacity}; });
        CHECK(text == "queue \"" + name + "\": its capacity is 1024, not " + std::to_string(capacity) +
                          ": exists, but is not what is asked for");
    }
    CHECK(named<queue<int>>(open_only, name)->capacity() == 1024);
    CHECK(named<queue<int>>(open_only, name, 1024)->capacity() == 1024);
}

TEST_CASE("what is thrown names the object and the cause, each once") {
    const auto name = fresh_name();
    const auto quoted = '"' + name + '"';
    CHECK(text_of([&] { named<mutex>{open_only, name}; }) == "mutex " + quoted + ": not found");
    CHECK(text_of([&] { named<queue<int>>{open_only, name}; }) == "queue " + quoted + ": not found");
    CHECK(text_of([&] { named<int>{open_only, name}; }) == "object " + quoted + ": not found");
    const named<semaphore> s{create_only, name};
    CHECK(text_of([&] { named<semaphore>{create_only, name}; }) == "semaphore " + quoted + ": already exists");
    CHECK(has(text_of([] { named<mutex>{create_only, "a/b"}; }), "mutex \"a/b\": a name is 1 to 200 characters"));
    for (const auto& text : {text_of([&] {
                                 named<semaphore>{create_only, name + "x", -1};
                             }),
                             text_of([&] {
                                 named<queue<int>>{create_only, name + "x", 0};
                             })}) {
        CAPTURE(text);
        CHECK(has(text, '"' + name + "x\""));
        CHECK(text.find("invalid argument") == text.rfind("invalid argument"));
        CHECK(has(text, "invalid argument"));
    }
}
