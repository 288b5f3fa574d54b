#include <support/held_ring.hpp>

#include <support/win32/import.hpp>

#include <thread>
#include <utility>

extern "C" BOOL(WINAPI* __imp_SetEvent)(HANDLE);

namespace crosswake::test {
namespace {

std::function<void()> held_by;
decltype(__imp_SetEvent) set_event = nullptr;
thread_local bool is_let_pass = false;

// Bells are sounded with this.
BOOL WINAPI set_event_when_let(HANDLE event) {
    if (!std::exchange(is_let_pass, true)) {
        std::thread([] {
            is_let_pass = true;
            held_by();
        }).join();
        is_let_pass = false;
    }
    return set_event(event);
}

} // namespace

bool hold_rings(std::function<void()> held) {
    held_by = std::move(held);
    set_event = replace_import(__imp_SetEvent, &set_event_when_let);
    return true;
}

} // namespace crosswake::test
