// Randomness that can be had again: CROSSWAKE_TEST_SEED sets the seed, which every test program prints.
#pragma once

#include <cstdint>
#include <random>

namespace crosswake::test {

std::uint64_t seed();
/// A generator of its own for each `stream`, all from the one seed.
std::mt19937_64 generator(std::uint64_t stream = 0);
/// Not from the seed: different in each run.
std::uint64_t random_number();
/// The number in an environment variable, or another. For how often a test repeats: CI asks for less than a long run.
std::uint64_t knob(const char* variable, std::uint64_t otherwise);

/// Keeps the thread busy for a random while, up to so many looks at the clock: a moment that nobody has chosen.
void dawdle(std::mt19937_64& random, unsigned most = 2000);

} // namespace crosswake::test
