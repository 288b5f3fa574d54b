// Waiting for native handles, without an event loop.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/native_handle.hpp>

#include <span>

namespace crosswake::test {

/// Readable, or signalled, as a reactor's handles are when it has something to do. Looking changes nothing.
[[nodiscard]] bool is_ready(native_handle h);
[[nodiscard]] inline bool is_any_ready(std::span<const native_handle> all) {
    for (const auto h : all)
        if (is_ready(h))
            return true;
    return false;
}
/// Sleeps until one of them is, or until the deadline, which it may miss by a little.
void until_ready(std::span<const native_handle> any, deadline until = deadline::never());

} // namespace crosswake::test
