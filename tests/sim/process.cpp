// Processes: their tokens, and whether they live.
#include <backend/process.hpp>

#include <sim/region.hpp>
#include <sim/world.hpp>

namespace crosswake::backend {

detail::owner_token identify() noexcept {
    return sim::token_of(sim::current_process());
}

detail::atomic<detail::owner_token>& identity_cell() noexcept {
    // Found out anew in each run; the process's own copy of the pointer to it says whether it was.
    static detail::atomic<detail::owner_token> cells[sim::most_processes];
    return cells[sim::current_process()];
}

life probe(detail::owner_token who, const region& where) noexcept {
    if (who == sim::onlooker())
        return life::alive;
    sim::step_outside("probe");
    sim::drain_stores();
    auto answer = life::unknown;
    const auto& r = static_cast<const sim::simulated_region&>(where).state();
    for (unsigned p = 0; p < sim::most_processes; ++p)
        if (sim::token_of(p) == who && answer != life::alive)
            answer = sim::is_known_dead(p) || (!sim::is_dead(p) && r.mapped[p] == 0) ? life::dead : life::alive;
    sim::saw(static_cast<std::uint64_t>(answer));
    return answer;
}

void around_fork(void (*)(), void (*)(), void (*)()) noexcept {}

std::uint64_t random_number() noexcept {
    return sim::next_random();
}

} // namespace crosswake::backend
