// What the backend keeps in a region for itself, behind the core's bytes: to be damaged.
#pragma once

#include <backend/region.hpp>
#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/owner.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace crosswake::test {

/// None, where the backend needs none.
[[nodiscard]] std::span<std::byte> backend_bytes(backend::region& r);

/// Somebody who writes there, as long as this lives, that threads of a process sleep on the word, in all places there
/// are for them; and again whenever the calling thread is about to wake one. One at a time.
class persistent_sleepers {
public:
    persistent_sleepers(backend::region& r, const detail::atomic<std::uint32_t>& word, detail::owner_token who);
    ~persistent_sleepers();
    persistent_sleepers(const persistent_sleepers&) = delete;
    persistent_sleepers& operator=(const persistent_sleepers&) = delete;
};

} // namespace crosswake::test
