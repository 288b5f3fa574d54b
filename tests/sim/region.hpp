// Named memory in the simulation: a stretch of what all share, and who has it mapped.
#pragma once

#include <backend/region.hpp>

#include <sim/world.hpp>

namespace crosswake::sim {

class simulated_region final : public backend::region {
public:
    explicit simulated_region(unsigned index) noexcept
        : region(address_of(regions()[index].at, current_process()), regions()[index].bytes), index_(index) {
        ++regions()[index].mapped[current_process()];
    }
    ~simulated_region() override;

    [[nodiscard]] unsigned index() const noexcept { return index_; }
    [[nodiscard]] region_state& state() const noexcept { return regions()[index_]; }

    std::error_code reserve(std::size_t offset, std::size_t length) noexcept override;
    bool ring() noexcept override;
    bool hold_as(detail::owner_token) noexcept override { return true; }

private:
    unsigned index_;
};

} // namespace crosswake::sim
