// How peers were reached, for those who ask.
#pragma once

#include <crosswake/reactor.hpp>

namespace crosswake::core {

void note_mechanism(bell_mechanism m) noexcept;

} // namespace crosswake::core
