// The atomics that live in shared memory.
//
// One alias, so that a test build can put instrumented atomics in their place. Lock-free is a must: a lock inside an
// atomic would be private to one process.
#pragma once

#include <atomic>
#include <cstdint>

namespace crosswake::detail {

template <class T>
using atomic = std::atomic<T>;

static_assert(atomic<std::uint32_t>::is_always_lock_free && sizeof(atomic<std::uint32_t>) == 4);
static_assert(atomic<std::uint64_t>::is_always_lock_free && sizeof(atomic<std::uint64_t>) == 8);

} // namespace crosswake::detail
