#include <support/seed.hpp>

#include <chrono>
#include <cstdlib>

namespace crosswake::test {

std::uint64_t random_number() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

std::uint64_t knob(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t seed() {
    static const std::uint64_t chosen = knob("CROSSWAKE_TEST_SEED", random_number());
    return chosen;
}

std::mt19937_64 generator(std::uint64_t stream) {
    return std::mt19937_64{seed() + 0x9e37'79b9'7f4a'7c15 * stream};
}

void dawdle(std::mt19937_64& random, unsigned most) {
    for (auto n = random() % (std::uint64_t{most} + 1); n-- > 0;)
        (void)std::chrono::steady_clock::now();
}

} // namespace crosswake::test
