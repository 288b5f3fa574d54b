// What a process has, which is to be the same before and after something was done very often.
#pragma once

#include <support/memory.hpp>
#include <support/names.hpp>
#include <support/poll_loop.hpp>
#include <support/system.hpp>

#include <crosswake/operation.hpp>
#include <crosswake/reactor.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace crosswake::test {

struct possessions {
    std::size_t descriptors = descriptor_count();
    std::size_t threads = thread_count();
    std::size_t mappings = mapping_count("");
    std::size_t objects = objects_left(name_stem());
    std::size_t memory = private_memory();
};

/// The heap may grow by a page or two for no reason of ours, however often: what leaks 16 bytes each time, of the 1,000
/// times that most tests take, is more.
inline constexpr std::size_t memory_of_no_account = 16 * 1024;

struct before_and_after {
    possessions before;
    possessions after;
};

/// Does it often enough for all that is kept for the next time, then as often as asked.
template <class Once>
before_and_after doing_it(std::uint64_t times, Once&& once) {
    for (auto n = std::min<std::uint64_t>(times, 2000); n-- > 0;)
        once();
    (void)possessions(); // to count takes memory, too
    const possessions before;
    for (auto n = times; n-- > 0;)
        once();
    return {before, possessions()};
}

template <class Once>
void has_the_same_after(std::uint64_t times, Once&& once) {
    const auto [before, after] = doing_it(times, once);
    CHECK(after.descriptors == before.descriptors);
    CHECK(after.threads == before.threads);
    CHECK(after.mappings == before.mappings);
    CHECK(after.objects == before.objects);
    CHECK(after.memory <= before.memory + memory_of_no_account);
    MESSAGE(times, " times: ", before.memory / 1024, " KiB before, ", after.memory / 1024, " KiB after");
}

template <std::derived_from<operation> Operation>
void wait_and_cancel(reactor& r, Operation op) {
    remembered p(deadline::after(std::chrono::hours(1)));
    std::error_code error;
    REQUIRE(r.start(p, op, error) == start_result::waiting);
    REQUIRE(r.cancel(p));
}

} // namespace crosswake::test
