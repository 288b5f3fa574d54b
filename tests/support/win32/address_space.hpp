// What this process has at which addresses.
#pragma once

#include <win32/windows.hpp>

#include <cstddef>

namespace crosswake::test {

/// Calls visit(part) for each part whose pages are all of a kind, from the first address on.
template <class Visit>
void for_each_part(Visit&& visit) {
    MEMORY_BASIC_INFORMATION part{};
    for (const std::byte* at = nullptr; ::VirtualQuery(at, &part, sizeof part) == sizeof part;
         at = static_cast<const std::byte*>(part.BaseAddress) + part.RegionSize)
        visit(part);
}

} // namespace crosswake::test
