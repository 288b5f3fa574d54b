// The variables of the core's library, as a block of bytes: what makes a simulated process.
//
// The core is a shared library here, so its variables lie together, those of the thread too. To go from one process to
// another is to exchange them. Whatever the core keeps in a variable, today or tomorrow, is thereby private to each
// simulated process, as it would be in a real one.
#pragma once

#include <cstddef>

namespace crosswake::sim {

class image {
public:
    /// Finds out where the variables are. They are then as they should be when a process starts.
    static void find() noexcept;

    /// What every process starts with.
    void reset() noexcept;
    /// From the variables, and back.
    void save() noexcept;
    void restore() const noexcept;

private:
    static constexpr std::size_t most_bytes = 65536;
    std::byte bytes_[most_bytes];
};

} // namespace crosswake::sim
