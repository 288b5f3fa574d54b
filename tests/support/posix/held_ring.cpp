#include <support/held_ring.hpp>

#include <support/posix/call_filter.hpp>

#include <sys/syscall.h>

#include <utility>

namespace crosswake::test {

// Bells are sounded with pwritev2, and nothing else in a test is.
bool hold_rings(std::function<void()> held) {
    return ask_before(SYS_pwritev2, [held = std::move(held)] {
        held();
        return 0;
    });
}

} // namespace crosswake::test
