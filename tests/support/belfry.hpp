// What the tests of bells have in common.
#pragma once

#include <support/handles.hpp>
#include <support/in_time.hpp>

#include <backend/bell.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

namespace crosswake::test {

inline bool is_ringing(const backend::bell& b) {
    return is_any_ready(b.handles());
}

/// Sleeps until the bell rings; false: nobody rings it.
[[nodiscard]] inline bool is_rung(const backend::bell& b) {
    return in_time([&b](auto limit) {
        for (const auto given_up = deadline::after(limit); !is_ringing(b);) {
            if (given_up <= deadline::after(std::chrono::nanoseconds(0)))
                return false;
            until_ready(b.handles(), given_up);
        }
        return true;
    });
}

inline std::unique_ptr<backend::bell> make_bell() {
    std::error_code error;
    auto b = backend::bell::make(error);
    REQUIRE_FALSE(error);
    REQUIRE(b != nullptr);
    return b;
}

inline std::unique_ptr<backend::peer_bell> ringer_of(const backend::bell& b) {
    std::error_code error;
    auto r = b.ringer(error);
    REQUIRE_FALSE(error);
    REQUIRE(r != nullptr);
    return r;
}

/// Where two processes tell each other what the other has to know.
struct tower {
    std::atomic<detail::owner_token> token{0};
    std::array<std::atomic<backend::bell_address>, 10> address{};
    semaphore ready;
    semaphore next;
};

inline std::unique_ptr<backend::peer_bell> find(named<tower>& t, std::size_t i, backend::peer_bell::found& result) {
    return backend::peer_bell::find(t->token.load(), t->address[i].load(), result);
}

} // namespace crosswake::test
