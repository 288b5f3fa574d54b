// The simulation's clock: it stands still unless the world moves it.
#include <backend/clock.hpp>

#include <sim/world.hpp>

std::int64_t crosswake::backend::steady_ns() noexcept {
    return sim::now();
}
