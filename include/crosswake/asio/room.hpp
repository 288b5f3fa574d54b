// Room within an operation for what is posted on its behalf: so a wait allocates once.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace crosswake::detail {

/// Enough for one function object of ours with what an executor puts around it; given out once.
class room {
public:
    room() noexcept = default;
    room(const room&) = delete;
    room& operator=(const room&) = delete;

    void* take(std::size_t bytes, std::size_t alignment) noexcept {
        if (bytes > sizeof bytes_ || alignment > alignof(std::max_align_t))
            return nullptr;
        return std::exchange(is_taken_, true) ? nullptr : bytes_;
    }
    [[nodiscard]] bool is_at(const void* p) const noexcept { return p == bytes_; }

private:
    alignas(std::max_align_t) std::byte bytes_[80];
    bool is_taken_ = false;
};

/// Gives out the room first, then what the other allocator has. The room need not live any more when memory is given
/// back: an executor may free what it was given after it has called it.
template <class T, class Other>
class room_allocator {
public:
    using value_type = T;
    template <class U>
    struct rebind {
        using other = room_allocator<U, Other>;
    };

    room_allocator(room& r, const Other& other) noexcept : room_(&r), other_(other) {}
    template <class U>
    room_allocator(const room_allocator<U, Other>& a) noexcept : room_(a.room_), other_(a.other_) {}

    // Templates for the sake of T = void, which stands for "any".
    template <class U = T>
    U* allocate(std::size_t n) {
        if (void* const p = room_->take(n * sizeof(U), alignof(U)))
            return static_cast<U*>(p);
        auto a = other_for<U>();
        return std::allocator_traits<decltype(a)>::allocate(a, n);
    }
    template <class U = T>
    void deallocate(U* p, std::size_t n) noexcept {
        if (room_->is_at(p))
            return;
        auto a = other_for<U>();
        std::allocator_traits<decltype(a)>::deallocate(a, p, n);
    }

    template <class U>
    bool operator==(const room_allocator<U, Other>& a) const noexcept {
        return room_ == a.room_ && other_ == a.other_;
    }

private:
    template <class, class>
    friend class room_allocator;

    template <class U>
    auto other_for() const noexcept {
        return typename std::allocator_traits<Other>::template rebind_alloc<U>(other_);
    }

    room* room_;
    [[no_unique_address]] Other other_;
};

} // namespace crosswake::detail
