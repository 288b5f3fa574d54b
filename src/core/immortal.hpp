// The one object of a class in this process, which is never destroyed: what is of static storage duration in the
// program may need it to the very end. Takes no memory from the heap.
#pragma once

#include <cstddef>
#include <new>

namespace crosswake::core {

template <class T>
T& immortal() noexcept {
    alignas(T) static std::byte place[sizeof(T)];
    static T& it = *::new (static_cast<void*>(place)) T;
    return it;
}

} // namespace crosswake::core
