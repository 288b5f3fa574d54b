// The seats of blocked threads.
#include <support/backend_bytes.hpp>

#include <support/win32/import.hpp>

#include <win32/region_section.hpp>

extern "C" HANDLE(WINAPI* __imp_OpenEventW)(DWORD, BOOL, LPCWSTR);

namespace crosswake::test {

using namespace win32;

namespace {

struct {
    region_section* where = nullptr;
    std::uint64_t word = 0;
    detail::owner_token who = detail::nobody;
} seated;
decltype(__imp_OpenEventW) open_event = nullptr;

void seat() {
    auto& header = seated.where->header();
    for (std::uint64_t n = 0; n < thread_seats; ++n) {
        auto& s = seated.where->seats()[n];
        s.owner.store(seated.who);
        s.word.store(seated.word);
        s.state.store(thread_seat::with((n + 1) << 2, thread_seat::phase::waiting));
    }
    header.seats_used.store(thread_seats);
    header.next_ticket.store(thread_seats + 1);
}

// Sleepers are woken by an event with a name.
HANDLE WINAPI seat_and_open_event(DWORD access, BOOL inherit, LPCWSTR name) {
    seat();
    return open_event(access, inherit, name);
}

} // namespace

std::span<std::byte> backend_bytes(backend::region& r) {
    auto* const seats = static_cast<region_section&>(r).seats();
    return {reinterpret_cast<std::byte*>(seats), thread_seats * sizeof *seats};
}

persistent_sleepers::persistent_sleepers(backend::region& r, const detail::atomic<std::uint32_t>& word,
                                         detail::owner_token who) {
    seated = {static_cast<region_section*>(&r),
              static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&word) - r.bytes()), who};
    seat();
    open_event = replace_import(__imp_OpenEventW, &seat_and_open_event);
}

persistent_sleepers::~persistent_sleepers() {
    replace_import(__imp_OpenEventW, open_event);
}

} // namespace crosswake::test
