// How to have a crowd without the 63 reactors that come first.
#pragma once

#include <core/segment.hpp>

#include <cstddef>

namespace crosswake::test {

/// As if reactors of this process were just sitting down in all the private seats of the object that the primitive is
/// in: from now on whoever comes is of the crowd.
inline void send_to_the_crowd(const void* primitive) {
    auto& s = *detail::segment::holding(primitive);
    for (std::size_t i = 0; i < core::private_seats; ++i)
        s.seat(i).owner.store(detail::this_process());
}

/// How many seats of the crowd were ever taken; and one of these, from 0 on.
inline std::size_t crowd_used(const void* primitive) {
    return detail::segment::holding(primitive)->crowd_used();
}
inline const core::crowd_seat_layout& crowd_seat(const void* primitive, std::size_t n) {
    return detail::segment::holding(primitive)->crowd_seat(core::private_seats + n);
}

} // namespace crosswake::test
