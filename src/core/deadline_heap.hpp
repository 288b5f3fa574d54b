// The waits of a reactor that have a deadline, the earliest first.
#pragma once

#include <crosswake/reactor.hpp>

#include <cstddef>
#include <vector>

namespace crosswake::detail {

/// A binary heap in which each wait knows its place, so that any of them can be taken out. Not thread-safe.
class deadline_heap {
public:
    /// Makes room for one more: the only thing here that may run out of memory.
    void make_room();
    /// Does nothing for a wait that has no deadline. There must be room.
    void add(pending& p) noexcept;
    /// Does nothing for a wait that is not there.
    void remove(pending& p) noexcept;
    /// Null if there is none.
    [[nodiscard]] pending* earliest() const noexcept { return waits_.empty() ? nullptr : waits_.front(); }

private:
    [[nodiscard]] bool earlier(std::size_t a, std::size_t b) const noexcept;
    void place(std::size_t at, pending* p) noexcept;
    /// Moves the entry to where it belongs, up or down.
    void sift(std::size_t at) noexcept;

    std::vector<pending*> waits_;
};

} // namespace crosswake::detail
