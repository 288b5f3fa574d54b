// Passing a little time without giving up the processor, so that two processes meet at ever other points.
#pragma once

#include <atomic>
#include <cstdint>

namespace crosswake::test {

inline void spin(std::uint64_t turns) {
    for (; turns != 0; --turns)
        std::atomic_signal_fence(std::memory_order_seq_cst); // or the compiler drops the loop
}

} // namespace crosswake::test
