// How named<> places a ring whose capacity is known only at run time, and finds it again.
#pragma once

#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace crosswake::detail {

constexpr std::uint64_t aligned(std::uint64_t offset, std::uint64_t alignment) noexcept {
    return (offset + alignment - 1) / alignment * alignment;
}

/// View is what the handle holds, made from a Ref: the ring as one process sees it, which has
///     value_type, kind
///     bytes_for(capacity), bytes_each    what it occupies in all, and at the least for each item
///     construct(where, capacity)
///     Ref(where, capacity)
template <class View, class Ref>
struct ring_placement {
    using view = View;

    static std::string_view kind() noexcept { return Ref::kind; }

    /// Without arguments: opening one of whatever capacity, which is 1 at the least.
    static shape describe() noexcept { return described(1); }
    template <std::integral Count>
    static shape describe(Count capacity) {
        constexpr auto most =
            std::min<std::uint64_t>((std::numeric_limits<std::uint32_t>::max)(),
                                    ((std::numeric_limits<std::ptrdiff_t>::max)() / 2) / Ref::bytes_each);
        if (!std::in_range<std::uint64_t>(capacity) || capacity == 0 || static_cast<std::uint64_t>(capacity) > most)
            raise(errc::invalid_argument,
                  "its capacity is from 1 to " + std::to_string(most) + ", not " + std::to_string(capacity));
        return described(static_cast<std::uint64_t>(capacity));
    }

    /// With what describe() accepted.
    template <std::integral Count = int>
    static void construct(void* where, Count capacity = 1) noexcept {
        Ref::construct(where, static_cast<std::uint32_t>(capacity));
    }
    /// The capacity is computed from what the segment holds, not read from bytes that others can write.
    static view look(void* where, std::uint64_t bytes) noexcept {
        auto capacity = (bytes - Ref::bytes_for(0)) / Ref::bytes_each;
        while (Ref::bytes_for(capacity) > bytes)
            --capacity;
        return view{Ref{where, static_cast<std::uint32_t>(capacity)}};
    }
    static view* pointer(view& v) noexcept { return &v; }

private:
    using item = typename Ref::value_type;

    static shape described(std::uint64_t capacity) noexcept {
        return {.kind = Ref::kind,
                .unit_size = sizeof(item),
                .unit_alignment = alignof(item),
                .bytes = Ref::bytes_for(capacity),
                .alignment = std::max<std::uint64_t>(64, alignof(item)),
                .parameters = {{"capacity", capacity}, {"item size", sizeof(item)}}};
    }
};

} // namespace crosswake::detail
