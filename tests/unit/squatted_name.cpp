// A name that somebody has taken before, for something that is no object of this user's.
#include <support/names.hpp>
#include <support/refusal.hpp>
#include <support/rights.hpp>
#include <support/squatter.hpp>

#include <crosswake/error.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace crosswake;
using namespace crosswake::test;

namespace {

/// It is refused with that error, in words that name the object.
template <class Mode>
void check_refusal(Mode mode, const std::string& name, errc why) {
    const auto r = refusal_of([&] { const named<semaphore> s{mode, name}; });
    CAPTURE(r.text);
    CHECK(r.code == why);
    CHECK(r.says('"' + name + '"'));
}

} // namespace

TEST_CASE("a name that was squatted on is refused, and why is said; once the squatter has gone it is free") {
    for (const auto& t : squatter::tricks()) {
        CAPTURE(t.name);
        const auto name = fresh_name();
        {
            const squatter s(name, t);
            if (!permitted(s ? 0 : not_permitted_here))
                continue;
            check_refusal(open_only, name, t.refusal);
            check_refusal(open_or_create, name, t.refusal);
            check_refusal(create_only, name, errc::already_exists);
        }
        const named<semaphore> mine{create_only, name};
        CHECK(mine->available() == 0);
    }
}
