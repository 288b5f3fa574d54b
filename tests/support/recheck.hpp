// For tests in which somebody dies, among others in which nobody does.
#pragma once

#include <crosswake/reactor.hpp>

#include <chrono>

namespace crosswake::test {

/// While it lives, sleepers of this process look up that often.
class recheck_each {
public:
    explicit recheck_each(std::chrono::nanoseconds interval) { set_recheck_interval(interval); }
    recheck_each(const recheck_each&) = delete;
    recheck_each& operator=(const recheck_each&) = delete;
    ~recheck_each() { set_recheck_interval(usual_); }

private:
    std::chrono::nanoseconds usual_ = recheck_interval();
};

} // namespace crosswake::test
