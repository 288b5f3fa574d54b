#include <core/spin.hpp>

#include <array>
#include <cstddef>

namespace crosswake::core {

spin_policy& spin_policy::of(const detail::wait_word& word) noexcept {
    constinit thread_local std::array<spin_policy, 16> habits{};
    return habits[reinterpret_cast<std::uintptr_t>(&word) / alignof(detail::wait_word) / 3 % habits.size()];
}

} // namespace crosswake::core
