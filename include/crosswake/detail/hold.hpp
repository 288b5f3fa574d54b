// A hold on one end of something: at most one process is inside. For a few instructions; what takes longer is claimed.
//
// A holder that is stopped keeps the hold. One that is dead loses it to whoever has proof; what it was doing must
// therefore be right after each of its steps.
#pragma once

#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/export.hpp>
#include <crosswake/detail/owner.hpp>

namespace crosswake::detail {

class hold {
public:
    /// Who came while somebody was inside, and has to be woken by whoever lets go.
    using callers = owner_token;
    static constexpr callers none = 0;
    static constexpr callers pusher = 1;
    static constexpr callers popper = 2;

    /// false: somebody is inside, and knows now that one of the callers came.
    bool take(callers me) noexcept {
        owner_token now = nobody;
        return word_.compare_exchange_strong(now, this_process()) || take_contended(me);
    }
    [[nodiscard]] callers let_go() noexcept { return word_.exchange(nobody) & owner_flags; }

    [[nodiscard]] owner_token holder() const noexcept { return word_.load() & ~owner_flags; }
    /// Who is inside and not dead, or nobody; the dead are thrown out.
    CROSSWAKE_EXPORT owner_token living_holder() noexcept;

private:
    CROSSWAKE_EXPORT bool take_contended(callers me) noexcept;

    atomic<owner_token> word_{nobody};
};
static_assert(sizeof(hold) == 8);

} // namespace crosswake::detail
