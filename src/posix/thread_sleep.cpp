// Blocked threads, on the kernel's futex: shared between processes, compared and put to sleep in one step.
#include <backend/thread_sleep.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <ctime>

namespace crosswake::backend {
namespace {

// The kernel takes the address of the plain 32 bits.
std::uint32_t* address_of(const detail::atomic<std::uint32_t>& word) noexcept {
    return reinterpret_cast<std::uint32_t*>(const_cast<detail::atomic<std::uint32_t>*>(&word));
}

} // namespace

void sleep_while(region& /*where*/, const detail::atomic<std::uint32_t>& word, std::uint32_t seen,
                 deadline until) noexcept {
    // FUTEX_WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC; plain FUTEX_WAIT takes a relative one, which would
    // start anew after each signal.
    timespec moment{};
    if (!until.is_never()) {
        const auto ns = std::max<std::int64_t>(until.steady_ns(), 0);
        moment.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
        moment.tv_nsec = static_cast<long>(ns % 1'000'000'000);
    }
    ::syscall(SYS_futex, address_of(word), FUTEX_WAIT_BITSET, seen, until.is_never() ? nullptr : &moment, nullptr,
              FUTEX_BITSET_MATCH_ANY);
}

void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb"); // as long as x86's pause; yield does nothing on most cores
#endif
}

unsigned wake_threads(region& /*where*/, const detail::atomic<std::uint32_t>& word, wake_count how_many) noexcept {
    const long woken = ::syscall(SYS_futex, address_of(word), FUTEX_WAKE, how_many == wake_count::one ? 1 : INT_MAX,
                                 nullptr, nullptr, 0);
    return woken > 0 ? static_cast<unsigned>(woken) : 0;
}

} // namespace crosswake::backend
