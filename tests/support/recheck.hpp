// How often sleepers of this process look up by themselves, in tests in which that matters.
#pragma once

#include <core/settings.hpp>
#include <crosswake/reactor.hpp>

#include <chrono>

namespace crosswake::test {

/// While it lives, sleepers look up that often, and twenty times as often after an owner. For tests in which somebody
/// dies, among others in which nobody does.
class recheck_each {
public:
    explicit recheck_each(std::chrono::nanoseconds interval) { set_recheck_interval(interval); }
    recheck_each(const recheck_each&) = delete;
    recheck_each& operator=(const recheck_each&) = delete;
    ~recheck_each() { set_recheck_interval(usual_); }

private:
    std::chrono::nanoseconds usual_ = recheck_interval();
};

/// While it lives, those who wait for an owner look that often whether it lives, and nobody looks up for anything else
/// before the re-check, which may be an hour away.
class owner_check_each {
public:
    explicit owner_check_each(std::chrono::nanoseconds interval) { become(interval); }
    owner_check_each(const owner_check_each&) = delete;
    owner_check_each& operator=(const owner_check_each&) = delete;
    ~owner_check_each() { core::set_owner_check_ns(0); }

    void become(std::chrono::nanoseconds interval) { core::set_owner_check_ns(interval.count()); }
};

/// For tests in which owners die: the re-check would bring about what somebody was to find out, or to hear of.
struct only_owners_are_looked_at {
    recheck_each too_late{std::chrono::hours(1)};
    owner_check_each often{std::chrono::milliseconds(50)}; // a blocked thread looks once before it listens
};

} // namespace crosswake::test
