// What the queues carry.
#pragma once

#include <support/options.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace bench {

template <std::size_t Size>
struct message {
    std::uint64_t number = 0;
    std::array<std::byte, Size - sizeof(std::uint64_t)> rest{};
};
template <>
struct message<8> {
    std::uint64_t number = 0;
};
static_assert(sizeof(message<8>) == 8 && sizeof(message<64>) == 64);

/// The mark with which a producer ends.
inline constexpr std::uint64_t the_end = ~std::uint64_t{0};

/// Between whom, and how many messages may lie in between: 1 MiB of them, but a handful of large ones.
struct traffic {
    std::size_t producers = 1;
    std::size_t consumers = 1;
    std::size_t slots = 1024;

    static traffic of(const options& o) {
        return {o.producers, o.consumers, std::clamp<std::size_t>((1u << 20) / o.size, 4, 16'384)};
    }
};

/// Calls take.operator()<Size>() for the size that is asked for.
template <class Take>
values with_size(std::size_t size, Take&& take) {
    switch (size) {
    case 8:
        return take.template operator()<8>();
    case 64:
        return take.template operator()<64>();
    case 1024:
        return take.template operator()<1024>();
    case 64 * 1024:
        return take.template operator()<64 * 1024>();
    case 2 * 1024 * 1024:
        return take.template operator()<2 * 1024 * 1024>();
    default:
        throw cannot("messages have 8, 64, 1024, 65536 or 2097152 bytes, not " + std::to_string(size));
    }
}

} // namespace bench
