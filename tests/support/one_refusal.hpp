// A scene that is played again and again, and each time another one of its kernel calls is refused.
#pragma once

#include <support/faults.hpp>
#include <support/poll_loop.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace crosswake::test {

/// An error that says what it is.
inline bool works_or_is_refused(const std::function<void()>& call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return static_cast<bool>(e.code());
    } catch (const std::bad_alloc&) {
        return true;
    }
    return true;
}

/// Of a pipe this is no refusal: it is full, and its reader awake. Nor of a file's lock: somebody else has it.
inline bool is_no_refusal(const std::string& call, const std::string& error) {
    return error == "EAGAIN" && (call == "pwritev2" || call == "write" || call == "flock");
}

/// What a process has when its scene is over, and how many calls of the kind it had made by then.
struct end_of_scene {
    std::size_t calls;
    std::size_t descriptors;
    std::size_t mappings;
};
inline end_of_scene it_is_over() {
    const auto calls = grant_all_calls();
    return {calls, descriptor_count(), mapping_count("crosswake")};
}

/// Calls play(call, error, n, way), in which the n-th such call is refused, for each of these calls and each n until
/// fewer are made: in one of the both_ways, each n with another error; or in so many of the pairs of these
/// (CROSSWAKE_TEST_REFUSALS; 12 are all). It returns the end of the scene, which has to leave no more behind than one
/// in which nothing is refused; none, if the scene went wrong.
template <class Play>
void refuse_each_in_turn(const std::vector<std::string>& calls, Play&& play) {
    const auto errors = kernel_errors();
    const auto rounds = knob("CROSSWAKE_TEST_REFUSALS", 1);
    auto random = generator();
    std::size_t refusals = 0;
    for (const auto& call : calls) {
        const auto first = random();
        for (auto round = first; round != first + rounds; ++round) {
            const char* const way = both_ways[round % 2];
            CAPTURE(call);
            CAPTURE(std::string(way));
            const std::optional<end_of_scene> undisturbed = play(call, errors[0], std::size_t{0}, way);
            REQUIRE(undisturbed);
            // What cannot be closed stays open.
            const std::size_t kept = call == "close" || call == "munmap" ? 1 : 0;
            bool was_made = true;
            for (std::size_t n = 1; was_made; ++n) {
                const auto& error = errors[(n + round / 2) % errors.size()];
                if (is_no_refusal(call, error))
                    continue;
                CAPTURE(error);
                CAPTURE(n);
                const std::optional<end_of_scene> end = play(call, error, n, way);
                if (!end) // it went wrong, which play says
                    continue;
                CHECK(end->descriptors <= undisturbed->descriptors + kept);
                CHECK(end->mappings <= undisturbed->mappings + kept);
                was_made = end->calls >= n;
                refusals += was_made ? std::size_t{1} : 0;
            }
        }
    }
    MESSAGE(refusals, " calls refused, one in each scene");
}

} // namespace crosswake::test
