// The atomics that live in shared memory.
//
// One name, so that a test build can put instrumented atomics in their place: CROSSWAKE_ATOMIC_HEADER names the header
// that has them. Lock-free is a must: a lock inside an atomic would be private to one process.
#pragma once

#ifdef CROSSWAKE_ATOMIC_HEADER
#include CROSSWAKE_ATOMIC_HEADER
#else
#include <atomic>
#endif

#include <cstdint>

namespace crosswake::detail {

#ifndef CROSSWAKE_ATOMIC_HEADER
template <class T>
using atomic = std::atomic<T>;
#endif

static_assert(atomic<std::uint32_t>::is_always_lock_free && sizeof(atomic<std::uint32_t>) == 4);
static_assert(atomic<std::uint64_t>::is_always_lock_free && sizeof(atomic<std::uint64_t>) == 8);

} // namespace crosswake::detail
