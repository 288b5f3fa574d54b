// Errors: their texts, and what they equal.
#include <support/names.hpp>

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

constexpr errc all[] = {errc::closed,           errc::timed_out,
                        errc::aborted,          errc::not_found,
                        errc::already_exists,   errc::permission_denied,
                        errc::incompatible,     errc::corrupted,
                        errc::invalid_name,     errc::invalid_argument,
                        errc::not_shared,       errc::no_space,
                        errc::too_many_permits, errc::operation_not_permitted,
                        errc::too_many_reactors};

template <class Call>
std::string text_of(Call call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return e.what();
    }
    return "nothing was thrown";
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
