#include <sim/peer_bell.hpp>

namespace crosswake::sim {

bool simulated_ringer::ring() noexcept {
    step_outside("ring");
    drain_stores();
    auto& b = bells()[index_];
    const bool sounds = b.open && !refuses("ring");
    saw(sounds);
    if (sounds) {
        b.rung = b.edge = true;
        make_pollers_look(b.owner);
    }
    return sounds;
}

bool simulated_ringer::seems_dead() noexcept {
    step_outside("look whether a bell is dead");
    saw(bells()[index_].open);
    return !bells()[index_].open;
}

} // namespace crosswake::sim

std::unique_ptr<crosswake::backend::peer_bell>
crosswake::backend::peer_bell::find(detail::owner_token who, bell_address address, found& result) {
    sim::step_outside("find a bell");
    result = found::dead;
    const auto i = address - 1;
    const bool there =
        address != 0 && i < sim::most_bells && sim::bells()[i].open && sim::token_of(sim::bells()[i].owner) == who;
    sim::saw(there);
    if (!there)
        return nullptr;
    if (sim::refuses("open the bell")) {
        result = found::unreachable;
        return nullptr;
    }
    result = found::yes;
    return std::make_unique<sim::simulated_ringer>(i);
}
