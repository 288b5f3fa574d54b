// How often a thread of this program's own (not of the system's pool) has been put to sleep and woken.
#include <support/system.hpp>

#include <support/win32/import.hpp>

#include <atomic>

extern "C" DWORD(WINAPI* __imp_WaitForSingleObject)(HANDLE, DWORD);
extern "C" BOOL(WINAPI* __imp_GetQueuedCompletionStatus)(HANDLE, DWORD*, ULONG_PTR*, OVERLAPPED**, DWORD);

namespace crosswake::test {
namespace {

std::atomic<std::size_t> sleeps{0};
decltype(__imp_WaitForSingleObject) wait_for_single_object = nullptr;
decltype(__imp_GetQueuedCompletionStatus) get_queued_completion_status = nullptr;

// What is there already is no reason to sleep.
DWORD WINAPI counted_wait(HANDLE h, DWORD ms) {
    const auto now = wait_for_single_object(h, 0);
    if (now != WAIT_TIMEOUT || ms == 0)
        return now;
    ++sleeps;
    return wait_for_single_object(h, ms);
}

BOOL WINAPI counted_completion(HANDLE port, DWORD* bytes, ULONG_PTR* key, OVERLAPPED** done, DWORD ms) {
    const auto now = get_queued_completion_status(port, bytes, key, done, 0);
    if (now || *done != nullptr || ms == 0)
        return now;
    ++sleeps;
    return get_queued_completion_status(port, bytes, key, done, ms);
}

} // namespace

std::size_t wake_up_count() {
    static const bool is_counting = [] {
        wait_for_single_object = replace_import(__imp_WaitForSingleObject, &counted_wait);
        get_queued_completion_status = replace_import(__imp_GetQueuedCompletionStatus, &counted_completion);
        return true;
    }();
    return is_counting ? sleeps.load() : 0;
}

} // namespace crosswake::test
