// Objects of one name, one after the other, that can be told apart, and can be seen to be whole.
#pragma once

#include <crosswake/named.hpp>

#include <cstdint>
#include <string>

namespace crosswake::test {

struct alignas(8) marked { // for processes of 32 bits, too
    explicit marked(std::uint64_t n = 0) noexcept : mark(n), check(~n) {}
    [[nodiscard]] bool is_whole() const { return mark == ~check; }

    std::uint64_t mark;
    std::uint64_t check;
};

enum class entrance : unsigned char { create, open, open_or_create };

/// The mark is that of who creates.
template <class Mark>
named<marked> come(const std::string& name, entrance how, const Mark& mark) {
    switch (how) {
    case entrance::create:
        return {create_only, name, mark};
    case entrance::open:
        return {open_only, name};
    case entrance::open_or_create:
        break;
    }
    return {open_or_create, name, mark};
}

} // namespace crosswake::test
