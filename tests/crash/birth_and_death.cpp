// Objects that come into being and go while their users are killed. What lies under a name is whole or not there, it is
// one, and when all have gone it has gone.
#include <crash/marked.hpp>

#include <support/child.hpp>
#include <support/names.hpp>
#include <support/raw_object.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/named.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace crosswake;
using namespace crosswake::test;

namespace {

struct record {
    std::atomic<std::uint64_t> rounds{0};
    std::atomic<std::uint64_t> half_made{0};
    std::atomic<std::uint64_t> two_of_a_name{0};
    std::atomic<std::uint64_t> other_errors{0};
    std::atomic<bool> over{false};
};

} // namespace

// args: name, record, which stream of random numbers.
CROSSWAKE_ROLE(come_and_go) {
    auto random = generator(std::stoul(args[2]));
    named<record> r{open_only, args[1]};
    while (!r->over.load()) {
        r->rounds.fetch_add(1);
        try {
            const auto m = come(args[0], entrance(random() % 3), random());
            if (!m->is_whole())
                r->half_made.fetch_add(1);
            // While this process has it open, the name stands for it and for nothing else.
            const named<marked> again{open_only, args[0]};
            if (again->mark != m->mark)
                r->two_of_a_name.fetch_add(1);
            try {
                const named<marked> another{create_only, args[0], random()};
                r->two_of_a_name.fetch_add(1);
            } catch (const std::system_error& e) {
                if (e.code() != errc::already_exists)
                    throw;
            }
        } catch (const std::system_error& e) {
            if (e.code() != errc::not_found && e.code() != errc::already_exists) {
                std::fprintf(stderr, "%s\n", e.what());
                r->other_errors.fetch_add(1);
            }
        }
    }
    return 0;
}

TEST_CASE("processes that open, create and leave one name are killed, and there are never two of it, nor half of one") {
    const auto rounds = knob("CROSSWAKE_TEST_ROUNDS", 3000);
    const auto kills = knob("CROSSWAKE_TEST_KILLS", 30);
    auto random = generator();
    const auto name = fresh_name();
    named<record> r{create_only, fresh_name("record")};
    std::uint64_t streams = 0;
    const auto another = [&] { return child{"come_and_go", {name, r.name(), std::to_string(++streams)}}; };
    std::vector<child> crowd;
    for (int i = 0; i < 4; ++i)
        crowd.push_back(another());
    for (std::uint64_t k = 1; k <= kills; ++k) {
        while (r->rounds.load() < rounds * k / kills)
            std::this_thread::yield();
        dawdle(random);
        auto& victim = crowd[static_cast<std::size_t>(random() % crowd.size())];
        victim.kill();
        victim = another();
    }
    r->over.store(true);
    for (auto& c : crowd)
        CHECK(c.wait() == 0);
    CHECK(r->half_made.load() == 0);
    CHECK(r->two_of_a_name.load() == 0);
    CHECK(r->other_errors.load() == 0);
    std::printf("%llu rounds, %llu kills\n", static_cast<unsigned long long>(r->rounds.load()),
                static_cast<unsigned long long>(kills));
    // What the last of the dead left makes way.
    CHECK(named<marked> {
        open_or_create, name, std::uint64_t {
            7
        }
    } -> is_whole());
    CHECK_FALSE(raw_object::exists(name));
}
