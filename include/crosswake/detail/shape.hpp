// What an object is, in the words that are compared when a second process opens it.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crosswake::detail {

/// Something fixed for the object's life that its users must agree on: a capacity, a maximum, a reset mode.
struct parameter {
    std::string_view name;
    std::uint64_t value = 0;
};

struct shape {
    /// "semaphore", "queue", or "object" with the optional name that the user's type gives itself.
    std::string_view kind;
    /// sizeof and alignof of the type; for a queue those of its element.
    std::uint64_t unit_size = 0;
    std::uint64_t unit_alignment = 0;
    /// What the object occupies in its segment.
    std::uint64_t bytes = 0;
    std::uint64_t alignment = 0;
    parameter parameters[2]{};
    /// Whether they were given: to open an object without naming any leaves them to the object.
    bool parameters_count = true;
};

template <class T>
concept describes_itself = requires {
    { T::describe() } -> std::same_as<shape>;
};

/// How named<T> puts a T into a segment and reaches it there. This is the case of a T that is its own bytes; a type
/// whose size is known only at run time (queue<T>) has a specialisation beside its definition.
template <class T>
struct placement {
    static_assert(std::is_trivially_destructible_v<T>,
                  "a T in shared memory outlives its creator: its destructor would never run");
    static_assert(!std::is_pointer_v<T> && !std::is_reference_v<T>, "an address means nothing in another process");

    /// How the private side holds the shared object.
    using view = T*;

    static std::string_view kind() noexcept { return described().kind; }

    template <class... Args>
    static shape describe(const Args&... args) {
        shape s = described(args...);
        s.unit_size = s.bytes = sizeof(T);
        s.unit_alignment = s.alignment = alignof(T);
        return s;
    }

    template <class... Args>
    static void construct(void* where, Args&&... args) {
        if constexpr (std::is_constructible_v<T, Args...>)
            ::new (where) T(std::forward<Args>(args)...);
        else
            ::new (where) T{std::forward<Args>(args)...};
    }

    /// `bytes` is what the segment really has for the object.
    static view look(void* where, std::uint64_t /*bytes*/) noexcept { return std::launder(static_cast<T*>(where)); }
    static T* pointer(view& v) noexcept { return v; }

private:
    template <class... Args>
    static shape described(const Args&... args) {
        if constexpr (requires {
                          { T::describe(args...) } -> std::same_as<shape>;
                      })
            return T::describe(args...);
        else if constexpr (describes_itself<T>)
            return T::describe();
        else if constexpr (requires {
                               { T::crosswake_name } -> std::convertible_to<std::string_view>;
                           })
            return {.kind = T::crosswake_name};
        else
            return {.kind = "object"};
    }
};

} // namespace crosswake::detail
