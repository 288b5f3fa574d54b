#include <support/handles.hpp>

#include <win32/windows.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace crosswake::test {
namespace {

HANDLE as_handle(native_handle h) {
    return reinterpret_cast<HANDLE>(static_cast<std::intptr_t>(h));
}

/// Whole milliseconds, rounded up.
DWORD milliseconds_until(deadline d) {
    if (d.is_never())
        return INFINITE;
    const auto now = deadline::after(std::chrono::nanoseconds(0)).steady_ns();
    const auto left = d.steady_ns() <= now ? 0 : (d.steady_ns() - now + 999'999) / 1'000'000;
    return static_cast<DWORD>(std::min<std::int64_t>(left, 3'600'000));
}

} // namespace

bool is_ready(native_handle h) {
    return ::WaitForSingleObject(as_handle(h), 0) == WAIT_OBJECT_0; // a bell's event is not consumed by a wait
}

void until_ready(std::span<const native_handle> any, deadline until) {
    std::vector<HANDLE> all;
    for (const auto h : any)
        all.push_back(as_handle(h));
    ::WaitForMultipleObjects(static_cast<DWORD>(all.size()), all.data(), FALSE, milliseconds_until(until));
}

} // namespace crosswake::test
