// Holds that are not free.
#include <crosswake/detail/hold.hpp>

namespace crosswake::detail {

bool hold::take_contended(callers me) noexcept {
    // About as long as a healthy holder is inside.
    for (int spins = 0; spins < 200; ++spins) {
        owner_token now = word_.load(std::memory_order_relaxed);
        if (now == nobody && word_.compare_exchange_strong(now, this_process()))
            return true;
    }
    // Ends: each turn but the last means that somebody else has come or gone, and they have better things to do.
    for (int turns = 0; turns < 200; ++turns) {
        owner_token now = word_.load();
        if (now == nobody || owner_is_dead(now, this)) {
            // Who called a dead holder still counts.
            if (word_.compare_exchange_strong(now, this_process() | (now & owner_flags)))
                return true;
        } else if ((now & me) != 0 || word_.compare_exchange_strong(now, now | me)) {
            return false;
        }
    }
    return false;
}

owner_token hold::living_holder() noexcept {
    auto now = word_.load();
    if ((now & ~owner_flags) == nobody || (owner_is_dead(now, this) && word_.compare_exchange_strong(now, nobody)))
        return nobody;
    return now & ~owner_flags;
}

} // namespace crosswake::detail
