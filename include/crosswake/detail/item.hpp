// Items that cross shared memory: what they may be, how they lie in their slots, and a private copy of one.
#pragma once

#include <crosswake/error.hpp>
#include <crosswake/operation.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

namespace crosswake {

/// The capacity is given when the queue is made, and kept privately by everyone who opens it.
inline constexpr std::size_t dynamic_capacity = 0;

namespace detail {

template <class T>
concept queue_item = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

/// Bytes from one slot to the next. Large items begin on 64-byte boundaries: copying to an address a few bytes past a
/// page's start is many times slower on some processors.
template <queue_item T>
inline constexpr std::size_t slot_bytes = sizeof(T) < 64 ? sizeof(T) : (sizeof(T) + 63) / 64 * 64;

/// The operation's own copy of an item: bytes, so that T needs no default constructor.
template <queue_item T>
class item_bytes {
public:
    item_bytes() noexcept = default; // zeroes: what was not popped is not whatever lay there
    explicit item_bytes(const T& item) noexcept { std::memcpy(bytes_, &item, sizeof(T)); }
    [[nodiscard]] T* address() noexcept { return reinterpret_cast<T*>(bytes_); }
    [[nodiscard]] const T& get() const noexcept { return *std::launder(reinterpret_cast<const T*>(bytes_)); }

private:
    alignas(T) std::byte bytes_[sizeof(T)]{};
};

/// What a try to move items in or out came to.
struct moved {
    attempt what;
    errc error{};
    std::size_t count = 0;
    [[nodiscard]] bool something() const noexcept { return what == attempt::done && error == errc{}; }
};

} // namespace detail
} // namespace crosswake
