#include <support/names.hpp>

#include <support/seed.hpp>

#include <atomic>

namespace crosswake::test {

const std::string& name_stem() {
    static const std::string stem = "test-" + std::to_string(random_number());
    return stem;
}

std::string fresh_name(const std::string& hint) {
    static std::atomic<unsigned> count{0};
    return name_stem() + '-' + hint + '-' + std::to_string(count++);
}

} // namespace crosswake::test
