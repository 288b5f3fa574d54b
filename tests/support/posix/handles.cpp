#include <support/handles.hpp>

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace crosswake::test {
namespace {

pollfd entry_for(native_handle h) {
    return {static_cast<int>(h), POLLIN, 0};
}

/// Whole milliseconds, rounded up; -1 for never.
int milliseconds_until(deadline d) {
    if (d.is_never())
        return -1;
    const auto now = deadline::after(std::chrono::nanoseconds(0)).steady_ns();
    const auto left = d.steady_ns() <= now ? 0 : (d.steady_ns() - now + 999'999) / 1'000'000;
    return static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

} // namespace

bool is_ready(native_handle h) {
    auto p = entry_for(h);
    return ::poll(&p, 1, 0) == 1;
}

void until_ready(std::span<const native_handle> any, deadline until) {
    std::vector<pollfd> all;
    for (const auto h : any)
        all.push_back(entry_for(h));
    ::poll(all.data(), all.size(), milliseconds_until(until));
}

} // namespace crosswake::test
