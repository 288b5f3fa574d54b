// Running out of memory, at each allocation in turn.
#include <support/names.hpp>

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <limits>
#include <new>

using namespace crosswake;
using namespace crosswake::test;
namespace asio = boost::asio;

namespace {

thread_local long left = std::numeric_limits<long>::max();

/// While it lives, the thread's first `n` allocations succeed, and all others fail.
class only {
public:
    explicit only(long n) { left = n; }
    only(const only&) = delete;
    only& operator=(const only&) = delete;
    ~only() { left = std::numeric_limits<long>::max(); }
    [[nodiscard]] static bool was_enough() { return left >= 0; }
};

void* allocate(std::size_t bytes) {
    if (left < 0 || left-- == 0) {
        left = -1;
        throw std::bad_alloc();
    }
    if (void* const p = std::malloc(bytes == 0 ? 1 : bytes))
        return p;
    throw std::bad_alloc();
}

} // namespace

void* operator new(std::size_t bytes) {
    return allocate(bytes);
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace {

struct table {
    semaphore first;
    semaphore permits;
};

/// Starts a wait with room for n allocations, gives it its permit, and runs. true: there was room enough.
bool wait_with(table& t, long n, bool another_waits, std::chrono::nanoseconds timeout) {
    asio::io_context context;
    asio::cancellation_signal enough;
    if (another_waits)
        async_acquire(context.get_executor(), t.first, asio::bind_cancellation_slot(enough.slot(), asio::detached));
    int called = 0;
    int refused = 0;
    boost::system::error_code error;
    const auto handler = [&](boost::system::error_code ec) {
        ++called;
        error = ec;
        enough.emit(asio::cancellation_type::total);
    };
    bool was_enough = false;
    {
        const only room(n);
        try {
            async_acquire_for(context.get_executor(), t.permits, timeout, handler);
        } catch (const std::bad_alloc&) {
            ++refused;
        }
        was_enough = only::was_enough();
    }
    t.permits.release();
    if (refused == 1)
        enough.emit(asio::cancellation_type::total);
    context.run();
    CHECK(called + refused == 1);
    // It took the permit, or it says that it did not.
    const bool took = called == 1 && !error;
    CHECK(t.permits.available() == (took ? 0 : 1));
    if (!took)
        CHECK(t.permits.try_acquire());
    if (was_enough)
        CHECK(took);
    return was_enough;
}

} // namespace

TEST_CASE("a wait for which there is no memory is refused or ends with an error, and loses nothing") {
    const named<table> t{create_only, fresh_name()};
    for (const bool another_waits : {false, true})
        for (const std::chrono::nanoseconds timeout : {std::chrono::hours(2), std::chrono::hours(1000)}) {
            CAPTURE(another_waits);
            CAPTURE(timeout.count());
            long n = 0;
            while (!wait_with(*t, n, another_waits, timeout)) {
                CAPTURE(n);
                ++n;
                REQUIRE(n < 1000);
            }
            MESSAGE("allocations of a first wait: ", n);
        }
}
