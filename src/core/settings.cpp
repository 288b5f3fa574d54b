#include <core/mechanism.hpp>
#include <core/settings.hpp>

#include <backend/bell.hpp>
#include <crosswake/operation.hpp>
#include <crosswake/reactor.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

namespace crosswake {
namespace {

constexpr std::int64_t one_ms = 1'000'000;
/// Found within a second, and still no more than ten wake-ups in ten.
constexpr std::int64_t usual_recheck_ms = 990;

std::int64_t initial_recheck_ns() noexcept {
    const char* const text = std::getenv("CROSSWAKE_RECHECK_MS");
    const long long ms = text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
    return (ms > 0 && ms < 1'000'000'000 ? ms : usual_recheck_ms) * one_ms;
}

std::atomic<std::int64_t>& recheck() noexcept {
    static std::atomic<std::int64_t> ns{initial_recheck_ns()};
    return ns;
}

constexpr std::int64_t a_part_of_the_recheck = 0;
std::atomic<std::int64_t> owner_check_in_ns{a_part_of_the_recheck};

constexpr std::int64_t nobody_set_it = -1;
std::atomic<std::int64_t> spin_limit_in_ns{nobody_set_it};

/// Where there is one processor, what is waited for does not come while this thread looks on.
std::int64_t usual_spin_limit_ns() noexcept {
    static const std::int64_t ns = std::thread::hardware_concurrency() == 1 ? 0 : 20'000;
    return ns;
}

/// Of the last ring to another process; before the first, the one that is to be tried.
std::atomic<bell_mechanism>& last_mechanism() noexcept {
    static std::atomic<bell_mechanism> last{
        backend::forced_mechanism() == backend::forced::segment ? bell_mechanism::segment : bell_mechanism::direct};
    return last;
}

} // namespace

std::int64_t core::recheck_ns() noexcept {
    return recheck().load(std::memory_order_relaxed);
}

std::chrono::nanoseconds recheck_interval() noexcept {
    return std::chrono::nanoseconds(core::recheck_ns());
}

void set_recheck_interval(std::chrono::nanoseconds interval) noexcept {
    recheck().store(std::max<std::int64_t>(interval.count(), one_ms), std::memory_order_relaxed);
}

std::int64_t core::owner_check_ns() noexcept {
    const auto ns = owner_check_in_ns.load(std::memory_order_relaxed);
    return ns == a_part_of_the_recheck ? recheck_ns() / 20 : ns;
}

void core::set_owner_check_ns(std::int64_t ns) noexcept {
    owner_check_in_ns.store(ns, std::memory_order_relaxed);
}

std::int64_t core::spin_limit_ns() noexcept {
    const auto ns = spin_limit_in_ns.load(std::memory_order_relaxed);
    return ns == nobody_set_it ? usual_spin_limit_ns() : ns;
}

std::chrono::nanoseconds spin_limit() noexcept {
    return std::chrono::nanoseconds(core::spin_limit_ns());
}

void set_spin_limit(std::chrono::nanoseconds limit) noexcept {
    spin_limit_in_ns.store(std::max<std::int64_t>(limit.count(), 0), std::memory_order_relaxed);
}

void core::note_mechanism(bell_mechanism m) noexcept {
    if (last_mechanism().load(std::memory_order_relaxed) != m)
        last_mechanism().store(m, std::memory_order_relaxed);
}

bell_mechanism bell_mechanism_in_use() noexcept {
    return last_mechanism().load(std::memory_order_relaxed);
}

const char* to_string(bell_mechanism m) noexcept {
    return m == bell_mechanism::direct ? "direct" : "segment";
}

} // namespace crosswake
