// What can go wrong, as std::error_code.
//
// Every failure of this library is an errc in crosswake::error_category(), or the operating system's own code where the
// system refused something that has no name here. Functions that throw, throw std::system_error whose text names the
// object and the cause: `queue "jobs": not found`.
#pragma once

#include <crosswake/detail/export.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace crosswake {

enum class errc {
    closed = 1,              // the queue is closed: nothing more goes in, and what was in it is out
    timed_out,               // the deadline passed; nothing was taken. Equals std::errc::timed_out
    aborted,                 // the last handle of the object, or the reactor, went away while the wait was pending
    not_found,               // open_only: no live object has this name
    already_exists,          // create_only: a live object has this name
    permission_denied,       // the object is another user's, or its permissions exclude this one
    incompatible,            // an object has this name, and it is of another kind, size, layout version or parameter
    corrupted,               // the shared bytes cannot be what this library wrote
    invalid_name,            // not 1-200 characters of A-Z a-z 0-9 . _ -
    invalid_argument,        // a capacity of 0, a size that overflows, an initial count above the maximum, ...
    not_shared,              // the primitive is in no segment, so nobody could wake the waiter
    no_space,                // the system has no shared memory left for the object
    too_many_permits,        // semaphore::release would pass the maximum
    operation_not_permitted, // unlocking a mutex that another process owns
    too_many_reactors, // every seat of the object's segment, the crowd's 4,096 included, belongs to a live reactor
    too_large,         // a message of more bytes than its queue, or the buffer given for it, can ever hold
};

[[nodiscard]] CROSSWAKE_EXPORT const std::error_category& error_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

namespace detail {

/// Throws std::system_error{code} whose text begins with `what`, e.g. `queue "jobs"`.
[[noreturn]] CROSSWAKE_EXPORT void raise(std::error_code code, const std::string& what);
/// The same for a call on a primitive, at that address: the text names the object in which it lies.
[[noreturn]] CROSSWAKE_EXPORT void raise_about(const void* primitive, std::error_code code, const char* call);

} // namespace detail
} // namespace crosswake

template <>
struct std::is_error_code_enum<crosswake::errc> : std::true_type {};
