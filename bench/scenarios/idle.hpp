// What a process costs that waits and is not answered: processor time and wake-ups, from the kernel's books.
#pragma once

#include <support/accounting.hpp>
#include <support/clock.hpp>
#include <support/options.hpp>
#include <support/process.hpp>

#include <utility>

namespace bench {

/// `block` never returns.
template <class Block>
values idle(const options& o, Block&& block) {
    const child sleeper(std::forward<Block>(block));
    rest(0.3); // to get there
    const auto before = bill_of(sleeper.pid());
    rest(o.seconds);
    const auto after = bill_of(sleeper.pid());
    return {{"cpu_ms", after.cpu_ms - before.cpu_ms}, {"wakeups", after.wakeups - before.wakeups}};
}

} // namespace bench
