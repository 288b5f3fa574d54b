// A fuzzer's bytes, read as decisions. When they are used up, every further decision is 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace crosswake::fuzz {

class script {
public:
    script(const std::uint8_t* data, std::size_t size) noexcept : rest_(data, size) {}

    [[nodiscard]] bool is_over() const noexcept { return rest_.empty(); }
    /// The next bytes, as many as there are.
    std::span<const std::uint8_t> bytes(std::size_t most) noexcept {
        const auto taken = rest_.first(std::min(most, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    template <class T>
    T number() noexcept {
        T value{};
        const auto taken = bytes(sizeof value);
        std::memcpy(&value, taken.data(), taken.size());
        return value;
    }
    std::uint8_t byte() noexcept { return number<std::uint8_t>(); }
    /// 0 ... n-1
    std::size_t one_of(std::size_t n) noexcept { return byte() % n; }

private:
    std::span<const std::uint8_t> rest_;
};

} // namespace crosswake::fuzz
