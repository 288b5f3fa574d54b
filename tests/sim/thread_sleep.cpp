// Blocked threads: a list of who sleeps on which word.
#include <backend/thread_sleep.hpp>

#include <sim/world.hpp>

namespace crosswake::backend {

void sleep_while(region& /*where*/, const detail::atomic<std::uint32_t>& word, std::uint32_t seen,
                 deadline until) noexcept {
    sim::step_outside("sleep");
    sim::drain_stores();
    const auto at = sim::place_of(&word);
    const bool moved = sim::current_value(at) != seen;
    sim::saw(moved);
    if (!moved && until > deadline::at_ns(sim::now()))
        sim::fall_asleep(at, until.steady_ns());
}

void spin_pause() noexcept {}

unsigned wake_threads(region& /*where*/, const detail::atomic<std::uint32_t>& word, wake_count how_many) noexcept {
    sim::step_outside("wake threads");
    sim::drain_stores();
    const auto woken = sim::wake(sim::place_of(&word), how_many == wake_count::all);
    sim::saw(woken);
    return woken;
}

} // namespace crosswake::backend
