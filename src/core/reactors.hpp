// The reactors of this process, for what concerns all of them: the closing of an object, and fork.
#pragma once

#include <core/segment.hpp>

#include <mutex>
#include <vector>

namespace crosswake::detail {
class reactor_state;
}

namespace crosswake::core {

class reactors {
public:
    static reactors& instance() noexcept;

    void add(detail::reactor_state& r);
    void remove(detail::reactor_state& r) noexcept;

    /// The segment's handle has gone, and with was_last the process has no other of the object: then what waits there
    /// is aborted. Seats that nothing waits in are left.
    void handle_closed(detail::segment& s, bool was_last) noexcept;

private:
    friend void prepare_for_fork() noexcept;

    // Locks are taken in this order: reactors, one reactor, segments, peers.
    std::mutex lock_;
    std::vector<detail::reactor_state*> all_;
};

/// Sees to it, once, that no lock of the library is held across a fork, and that a child lets go of its parent's bells.
void prepare_for_fork() noexcept;

} // namespace crosswake::core
