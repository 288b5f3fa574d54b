#include <sim/image.hpp>

#include <crosswake/detail/owner.hpp>

#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) noexcept;

/// The thread's variables of a simulated process are never destroyed: nobody may want to hear of it.
extern "C" int __cxa_thread_atexit(void (* /*destructor*/)(void*), void* /*object*/, void* /*library*/) noexcept {
    return 0;
}

namespace crosswake::sim {
namespace {

struct range {
    std::byte* start = nullptr;
    std::size_t bytes = 0;
};
range variables;
range variables_of_the_thread;
image pristine;

int look_at(dl_phdr_info* info, std::size_t /*size*/, void* /*context*/) {
    const auto inside = reinterpret_cast<std::uintptr_t>(&detail::this_process_cell);
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    std::uintptr_t read_only_end = 0;
    range of_the_thread;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& part = info->dlpi_phdr[i];
        const auto start = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && inside >= start && inside < start + part.p_memsz) {
            first = start;
            last = start + part.p_memsz;
        } else if (part.p_type == PT_GNU_RELRO) {
            read_only_end = start + part.p_memsz;
        } else if (part.p_type == PT_TLS) {
            of_the_thread = {static_cast<std::byte*>(info->dlpi_tls_data), part.p_memsz};
        }
    }
    if (first == 0)
        return 0;
    first = std::max(first, read_only_end);
    variables = {reinterpret_cast<std::byte*>(first), last - first};
    variables_of_the_thread = of_the_thread;
    return 1;
}

} // namespace

void image::find() noexcept {
    ::dl_iterate_phdr(look_at, nullptr);
    if (variables.start == nullptr || variables_of_the_thread.start == nullptr ||
        variables.bytes + variables_of_the_thread.bytes > most_bytes) {
        std::fprintf(stderr, "the variables of the core are not to be found, or there are too many\n");
        std::abort();
    }
    pristine.save();
}

void image::reset() noexcept {
    std::memcpy(bytes_, pristine.bytes_, variables.bytes + variables_of_the_thread.bytes);
}

void image::save() noexcept {
    std::memcpy(bytes_, variables.start, variables.bytes);
    std::memcpy(bytes_ + variables.bytes, variables_of_the_thread.start, variables_of_the_thread.bytes);
}

void image::restore() const noexcept {
    std::memcpy(variables.start, bytes_, variables.bytes);
    std::memcpy(variables_of_the_thread.start, bytes_ + variables.bytes, variables_of_the_thread.bytes);
}

} // namespace crosswake::sim
