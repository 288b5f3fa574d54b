// A ringer's side of a simulated bell.
#pragma once

#include <backend/peer_bell.hpp>

#include <sim/world.hpp>

namespace crosswake::sim {

class simulated_ringer final : public backend::peer_bell {
public:
    explicit simulated_ringer(unsigned index) noexcept : index_(index) {}

    [[nodiscard]] std::byte* mailbox() const noexcept override {
        return address_of(bells()[index_].mailbox, current_process());
    }
    [[nodiscard]] bool ring() noexcept override;
    [[nodiscard]] bool seems_dead() noexcept override;

private:
    unsigned index_;
};

} // namespace crosswake::sim
