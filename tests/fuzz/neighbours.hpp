// Real processes whose names hostile bytes may bear: one that lives, and one that is dead.
#pragma once

#include <crosswake/detail/owner.hpp>

#include <cstdint>

namespace crosswake::fuzz {

class neighbours {
public:
    /// Both inherit what this process has open.
    neighbours();

    [[nodiscard]] detail::owner_token living() const noexcept { return living_.owner; }
    /// What a seat says of the living one's bell.
    [[nodiscard]] std::uint64_t living_bell() const noexcept { return living_.bell; }
    [[nodiscard]] detail::owner_token dead() const noexcept { return dead_.owner; }

private:
    struct words {
        detail::owner_token owner = detail::nobody;
        std::uint64_t bell = 0;
    };
    static words start(bool stays);

    words living_ = start(true);
    words dead_ = start(false);
};

} // namespace crosswake::fuzz
