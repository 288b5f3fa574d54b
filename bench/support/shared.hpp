// Memory that the sampler and the processes forked from it share, and the line at which they start together.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <sched.h>
#include <sys/mman.h>

namespace bench {

template <class T>
class shared {
public:
    template <class... Args>
    explicit shared(Args&&... args) {
        void* const place = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED)
            throw std::runtime_error("no memory to share");
        object_ = ::new (place) T(std::forward<Args>(args)...);
    }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    ~shared() { munmap(object_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

private:
    T* object_;
};

/// Used once. Nobody sleeps here, so that nobody starts late.
class start_line {
public:
    void meet(std::uint32_t everybody) {
        meet(everybody, [] {});
    }
    template <class Meanwhile>
    void meet(std::uint32_t everybody, Meanwhile&& meanwhile) {
        arrived_.fetch_add(1);
        while (arrived_.load() < everybody) {
            meanwhile();
            sched_yield();
        }
    }

private:
    std::atomic<std::uint32_t> arrived_{0};
};

} // namespace bench
