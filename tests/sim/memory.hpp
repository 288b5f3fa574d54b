// The memory of the simulation: what processes share, and what each has for itself.
//
// Shared: one memory file, mapped once for each process, at addresses of its own, and once for the judge. A place in it
// is its offset. Private: whatever is allocated with new while a process runs comes from a block of that process. Both
// are given back all at once, when a run ends: nobody has to clean up after the killed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crosswake::sim {

inline constexpr unsigned most_processes = 7;
inline constexpr unsigned judge = most_processes; // looks on, and is no process

using place = std::uint32_t;
inline constexpr std::size_t shared_bytes = std::size_t{1} << 20;

void make_memory();
/// Gives everything back.
void clear_memory() noexcept;

/// The first `zeros` bytes read as zeros, the others as anything.
place share(std::size_t bytes, std::size_t zeros) noexcept;
std::byte* address_of(place at, unsigned process) noexcept;
/// Whether some process has shared memory there.
bool is_shared(const void* address) noexcept;
place place_of(const void* address) noexcept;

/// From here on new takes from this one's block, until the next call; host: from the heap.
inline constexpr unsigned host = most_processes + 1;
unsigned allocate_for(unsigned process) noexcept;

/// As long as it lives, new takes from the heap.
struct on_the_heap {
    unsigned before = allocate_for(host);
    on_the_heap() = default;
    on_the_heap(const on_the_heap&) = delete;
    on_the_heap& operator=(const on_the_heap&) = delete;
    ~on_the_heap() { allocate_for(before); }
};

} // namespace crosswake::sim
