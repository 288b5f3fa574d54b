#include <sim/memory.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace crosswake::sim {
namespace {

constexpr std::size_t private_bytes = std::size_t{16} << 20;
constexpr unsigned views = most_processes + 1;

std::byte* shared_start = nullptr; // the views, one after the other
std::size_t shared_used = 0;

std::byte* private_start = nullptr; // the blocks, one after the other
std::size_t private_used[views] = {};
unsigned allocating_for = host;

void give_up(const char* what) {
    std::perror(what);
    std::abort();
}

} // namespace

void make_memory() {
    const int file = ::memfd_create("crosswake.simulation", MFD_CLOEXEC);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(shared_bytes)) != 0)
        give_up("the shared memory");
    void* const room =
        ::mmap(nullptr, shared_bytes * views, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        give_up("room for the shared memory");
    shared_start = static_cast<std::byte*>(room);
    for (unsigned i = 0; i < views; ++i)
        if (::mmap(shared_start + i * shared_bytes, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
                   0) == MAP_FAILED)
            give_up("the shared memory's mapping");
    ::close(file);
    void* const blocks = ::mmap(nullptr, private_bytes * views, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (blocks == MAP_FAILED)
        give_up("the private memory");
    private_start = static_cast<std::byte*>(blocks);
}

void clear_memory() noexcept {
    shared_used = 64; // place 0 is nothing's
    std::fill(std::begin(private_used), std::end(private_used), 0);
}

place share(std::size_t bytes, std::size_t zeros) noexcept {
    const auto at = (shared_used + 4095) / 4096 * 4096;
    shared_used = at + bytes;
    if (shared_used > shared_bytes)
        std::abort();
    std::memset(shared_start + judge * shared_bytes + at, 0, zeros);
    return static_cast<place>(at);
}

std::byte* address_of(place at, unsigned process) noexcept {
    return shared_start + process * shared_bytes + at;
}

bool is_shared(const void* address) noexcept {
    const auto* const p = static_cast<const std::byte*>(address);
    return p >= shared_start && p < shared_start + views * shared_bytes;
}

place place_of(const void* address) noexcept {
    return static_cast<place>(static_cast<std::size_t>(static_cast<const std::byte*>(address) - shared_start) %
                              shared_bytes);
}

unsigned allocate_for(unsigned process) noexcept {
    return std::exchange(allocating_for, process);
}

namespace {

void* allocate(std::size_t bytes) {
    if (allocating_for == host) {
        if (void* const p = std::malloc(bytes))
            return p;
        throw std::bad_alloc();
    }
    auto& used = private_used[allocating_for];
    void* const p = private_start + allocating_for * private_bytes + used;
    used += (bytes + 15) / 16 * 16;
    if (used > private_bytes)
        throw std::bad_alloc();
    return p;
}

void release(void* p) noexcept {
    const auto* const at = static_cast<std::byte*>(p);
    if (private_start == nullptr || at < private_start || at >= private_start + views * private_bytes)
        std::free(p);
}

} // namespace
} // namespace crosswake::sim

void* operator new(std::size_t bytes) {
    return crosswake::sim::allocate(bytes);
}
void* operator new[](std::size_t bytes) {
    return crosswake::sim::allocate(bytes);
}
void operator delete(void* p) noexcept {
    crosswake::sim::release(p);
}
void operator delete[](void* p) noexcept {
    crosswake::sim::release(p);
}
void operator delete(void* p, std::size_t) noexcept {
    crosswake::sim::release(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    crosswake::sim::release(p);
}
