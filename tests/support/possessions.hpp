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

/// Does it often enough for all that is kept for the next time, then as often as asked.
template <class Once>
void has_the_same_after(std::uint64_t times, Once&& once) {
    for (auto n = std::min<std::uint64_t>(times / 10 + 1, 2000); n-- > 0;)
        once();
    const possessions before;
    for (auto n = times; n-- > 0;)
        once();
    const possessions after;
    CHECK(after.descriptors == before.descriptors);
    CHECK(after.threads == before.threads);
    CHECK(after.mappings == before.mappings);
    CHECK(after.objects == before.objects);
    // The heap may grow by a page or two for no reason of ours; what leaks by each time would be more.
    CHECK(after.memory <= before.memory + 256 * 1024);
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
