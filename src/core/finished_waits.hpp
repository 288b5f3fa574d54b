// Waits that are over, and have not been told so yet.
#pragma once

#include <crosswake/reactor.hpp>

namespace crosswake::detail {

/// In order, until completed() can be called without any lock.
class finished_waits {
public:
    void add(pending& p, wait_result result) noexcept;
    /// Moves those of the other list to the end of this one.
    void add_all(finished_waits& others) noexcept;
    /// Calls completed() for all; no lock may be held.
    void announce() noexcept;

private:
    pending* first_ = nullptr;
    pending* last_ = nullptr;
};

} // namespace crosswake::detail
