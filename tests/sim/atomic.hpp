// The atomics that the core is built with in the simulation: the same bytes, each access a call.
//
// An access to shared memory is a step at which the simulation may do something else first. An access to anything else
// is none of its business. A read-modify-write, and a store that is sequentially consistent, drains the store buffer of
// its process first; any other store goes into it, and may become visible to others long after later loads (TSO).
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace crosswake::sim {

std::uint64_t atomic_load(const void* at, unsigned bytes, std::memory_order order) noexcept;
void atomic_store(void* at, unsigned bytes, std::uint64_t value, std::memory_order order) noexcept;

enum class change : unsigned char { exchange, add, bit_and, bit_or };
/// What was there before.
std::uint64_t atomic_change(void* at, unsigned bytes, change how, std::uint64_t operand) noexcept;
/// false: something else was there, and is in `expected` now.
bool atomic_compare_exchange(void* at, unsigned bytes, std::uint64_t& expected, std::uint64_t desired) noexcept;

} // namespace crosswake::sim

namespace crosswake::detail {

template <class T>
class atomic {
    static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
    using raw = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    static constexpr auto strongest = std::memory_order_seq_cst;

public:
    static constexpr bool is_always_lock_free = true;

    constexpr atomic() noexcept = default;
    constexpr atomic(T value) noexcept : value_(value) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(std::memory_order order = strongest) const noexcept {
        return whole(sim::atomic_load(&value_, sizeof(T), order));
    }
    void store(T value, std::memory_order order = strongest) noexcept {
        sim::atomic_store(&value_, sizeof(T), bits(value), order);
    }
    T exchange(T value, std::memory_order = strongest) noexcept { return changed(sim::change::exchange, value); }
    T fetch_add(T value, std::memory_order = strongest) noexcept { return changed(sim::change::add, value); }
    T fetch_and(T value, std::memory_order = strongest) noexcept { return changed(sim::change::bit_and, value); }
    T fetch_or(T value, std::memory_order = strongest) noexcept { return changed(sim::change::bit_or, value); }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order = strongest) noexcept {
        std::uint64_t was = bits(expected);
        const bool done = sim::atomic_compare_exchange(&value_, sizeof(T), was, bits(desired));
        expected = whole(was);
        return done;
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order = strongest) noexcept {
        return compare_exchange_strong(expected, desired);
    }

private:
    static std::uint64_t bits(T value) noexcept { return std::bit_cast<raw>(value); }
    static T whole(std::uint64_t value) noexcept { return std::bit_cast<T>(static_cast<raw>(value)); }
    T changed(sim::change how, T operand) noexcept {
        return whole(sim::atomic_change(&value_, sizeof(T), how, bits(operand)));
    }

    T value_{};
};

} // namespace crosswake::detail
