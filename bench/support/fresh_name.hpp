// Names that no other sample uses.
#pragma once

#include <fmt/format.h>

#include <string>

#include <unistd.h>

namespace bench {

inline std::string fresh_name() {
    static int count = 0;
    return fmt::format("bench-{}-{}", getpid(), count++);
}

} // namespace bench
