// Children, and what tests ask of the system, on Windows.
#include <support/child.hpp>
#include <support/memory.hpp>
#include <support/system.hpp>
#include <support/win32/address_space.hpp>

#include <win32/handle.hpp>

#include <tlhelp32.h>
#include <winternl.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace crosswake::test {
namespace {

using win32::handle;

/// Tells those that were killed from those that ended.
constexpr DWORD killed = 0x6b69'6c6c;

const DWORD first_thread = ::GetCurrentThreadId();

/// Ends those in it when it is closed. The children of children are in it by themselves.
handle job_of_children;

void require(bool ok, const char* call) {
    if (!ok)
        throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), call);
}

template <class Function>
Function* system_function(const char* name) {
    static const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    auto* const found = reinterpret_cast<Function*>(reinterpret_cast<void*>(::GetProcAddress(ntdll, name)));
    require(found != nullptr, name);
    return found;
}

/// As the C library takes it apart: backslashes count before a quotation mark only.
std::string quoted(std::string_view word) {
    std::string text = "\"";
    std::size_t backslashes = 0;
    for (const char c : word) {
        if (c == '"')
            text.append(backslashes + 1, '\\');
        backslashes = c == '\\' ? backslashes + 1 : 0;
        text += c;
    }
    return text.append(backslashes, '\\') + '"';
}

HANDLE process_of(std::intptr_t h) {
    return reinterpret_cast<HANDLE>(h);
}

template <class Visit>
void for_each_thread(Visit&& visit) {
    const handle all(::CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0));
    THREADENTRY32 entry{};
    entry.dwSize = sizeof entry;
    for (auto more = ::Thread32First(all.get(), &entry); more; more = ::Thread32Next(all.get(), &entry))
        visit(entry.th32OwnerProcessID, entry.th32ThreadID);
}

/// A process's number stands for its first thread.
DWORD thread_behind(thread_number number) {
    if (number == ::GetCurrentProcessId())
        return first_thread;
    DWORD first = 0;
    for_each_thread([&](DWORD process, DWORD thread) {
        if (process == number && first == 0)
            first = thread;
    });
    return first != 0 ? first : number;
}

handle open_exactly(DWORD thread) {
    return handle(::OpenThread(THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | SYNCHRONIZE, FALSE, thread));
}

handle open_thread(thread_number number) {
    return open_exactly(thread_behind(number));
}

/// Where the thread is, and whether it had been suspended; neither if it is no more.
struct sighting {
    std::uintptr_t at = 0;
    bool was_suspended = false;
};

sighting look_at(const handle& thread) {
    const auto before = ::SuspendThread(thread.get());
    if (before == static_cast<DWORD>(-1))
        return {};
    CONTEXT context{};
    context.ContextFlags = CONTEXT_CONTROL;
    const bool seen = ::GetThreadContext(thread.get(), &context); // waits until it really stands still
    ::ResumeThread(thread.get());
#if defined(_M_ARM64) || defined(__aarch64__)
    return {seen ? context.Pc : 0, before != 0};
#else
    return {seen ? context.Rip : 0, before != 0};
#endif
}

/// Suspends the threads of a process, but one, until a look at all of them finds none that is new; each stands still.
void suspend_threads(DWORD of, DWORD but = 0) {
    std::set<DWORD> known{but};
    for (std::size_t before = 0; before != known.size();) {
        before = known.size();
        for_each_thread([&](DWORD process, DWORD thread) {
            if (process != of || !known.insert(thread).second)
                return;
            const auto t = open_exactly(thread);
            ::SuspendThread(t.get());
            look_at(t);
        });
    }
}

/// Whether that is in one of the system's calls that wait.
bool is_in_a_wait(std::uintptr_t at) {
    constexpr std::uintptr_t longest_stub = 32;
    static const std::uintptr_t waits[] = {
        reinterpret_cast<std::uintptr_t>(system_function<void()>("NtWaitForSingleObject")),
        reinterpret_cast<std::uintptr_t>(system_function<void()>("NtWaitForMultipleObjects")),
        reinterpret_cast<std::uintptr_t>(system_function<void()>("NtRemoveIoCompletion")),
        reinterpret_cast<std::uintptr_t>(system_function<void()>("NtRemoveIoCompletionEx")),
        reinterpret_cast<std::uintptr_t>(system_function<void()>("NtDelayExecution")),
    };
    for (const auto start : waits)
        if (at > start && at - start < longest_stub)
            return true;
    return false;
}

} // namespace

child::child(const std::string& role, const std::vector<std::string>& args) {
    auto line = quoted(own_program()) + " --role " + quoted(role);
    for (const auto& a : args)
        line += ' ' + quoted(a);
    STARTUPINFOA start{};
    start.cb = sizeof start;
    PROCESS_INFORMATION made{};
    require(::CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, CREATE_SUSPENDED, nullptr, nullptr, &start,
                             &made),
            "CreateProcess");
    const handle thread(made.hThread);
    if (job_of_children)
        require(::AssignProcessToJobObject(job_of_children.get(), made.hProcess), "AssignProcessToJobObject");
    ::ResumeThread(thread.get());
    pid_ = made.dwProcessId;
    handle_ = reinterpret_cast<std::intptr_t>(made.hProcess);
}

child::child(child&& other) noexcept : pid_(other.pid_), handle_(std::exchange(other.handle_, 0)) {}

child& child::operator=(child&& other) noexcept {
    child moved(std::move(other));
    std::swap(pid_, moved.pid_);
    std::swap(handle_, moved.handle_);
    return *this;
}

child::~child() {
    if (handle_ != 0)
        kill();
}

int child::wait() {
    const handle process(process_of(std::exchange(handle_, 0)));
    ::WaitForSingleObject(process.get(), INFINITE);
    DWORD code = 0;
    require(::GetExitCodeProcess(process.get(), &code), "GetExitCodeProcess");
    return code == killed ? -1 : static_cast<int>(code);
}

void child::kill() {
    ::TerminateProcess(process_of(handle_), killed);
    wait();
}

void child::stop() {
    suspend_threads(pid_);
}

void child::resume() {
    for_each_thread([this](DWORD process, DWORD thread) {
        if (process == pid_)
            ::ResumeThread(open_exactly(thread).get());
    });
}

void child::kill_myself() {
    ::TerminateProcess(::GetCurrentProcess(), killed);
    std::abort();
}

void child::stop_myself() {
    suspend_threads(::GetCurrentProcessId(), ::GetCurrentThreadId());
    ::SuspendThread(::GetCurrentThread());
}

void tie_children_to_this_process() {
    job_of_children.reset(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    require(::SetInformationJobObject(job_of_children.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits),
            "SetInformationJobObject");
}

void set_environment(const char* variable, const std::string& value) {
    ::_putenv_s(variable, value.c_str());
}

std::string own_program() {
    char path[MAX_PATH];
    const auto length = ::GetModuleFileNameA(nullptr, path, sizeof path);
    require(length != 0 && length < sizeof path, "GetModuleFileName");
    return {path, length};
}

std::size_t thread_count() {
    std::size_t n = 0;
    for_each_thread([&n](DWORD process, DWORD) { n += process == ::GetCurrentProcessId() ? 1U : 0U; });
    return n;
}

// The system's own count is 0 where the system is emulated, so they are tried: multiples of four, close together.
std::size_t descriptor_count() {
    constexpr std::uintptr_t most_between_two = 1024;
    std::size_t n = 0;
    std::uintptr_t last = 0;
    for (std::uintptr_t i = 1; i - last <= most_between_two; ++i) {
        DWORD flags = 0;
        if (::GetHandleInformation(reinterpret_cast<HANDLE>(i * 4), &flags)) {
            ++n;
            last = i;
        }
    }
    return n;
}

std::size_t mapping_count(const std::string&) {
    // The system does not say of what: all that are there.
    std::size_t count = 0;
    for_each_part([&count](const MEMORY_BASIC_INFORMATION& part) {
        count += part.Type == MEM_MAPPED && part.AllocationBase == part.BaseAddress ? std::size_t{1} : 0;
    });
    return count;
}

// The system's own count is 0 where the system is emulated.
std::size_t private_memory() {
    std::size_t bytes = 0;
    for_each_part([&bytes](const MEMORY_BASIC_INFORMATION& part) {
        bytes += part.Type == MEM_PRIVATE && part.State == MEM_COMMIT ? part.RegionSize : 0;
    });
    return bytes;
}

std::size_t objects_left(const std::string& text) {
    DWORD session = 0;
    ::ProcessIdToSessionId(::GetCurrentProcessId(), &session);
    auto path = session == 0 ? std::wstring(L"\\BaseNamedObjects")
                             : L"\\Sessions\\" + std::to_wstring(session) + L"\\BaseNamedObjects";
    UNICODE_STRING name{};
    name.Buffer = path.data();
    name.Length = name.MaximumLength = static_cast<USHORT>(path.size() * sizeof(wchar_t));
    OBJECT_ATTRIBUTES attributes{};
    attributes.Length = sizeof attributes;
    attributes.ObjectName = &name;
    HANDLE opened = nullptr;
    constexpr ACCESS_MASK directory_query = 1;
    if (system_function<LONG NTAPI(HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*)>("NtOpenDirectoryObject")(
            &opened, directory_query, &attributes) < 0)
        return 0;
    const handle directory(opened);
    struct entry {
        UNICODE_STRING name;
        UNICODE_STRING type;
    };
    auto* const query =
        system_function<LONG NTAPI(HANDLE, void*, ULONG, BOOLEAN, BOOLEAN, ULONG*, ULONG*)>("NtQueryDirectoryObject");
    std::size_t n = 0;
    ULONG place = 0;
    alignas(entry) std::byte bytes[2048];
    while (query(directory.get(), bytes, sizeof bytes, TRUE, FALSE, &place, nullptr) >= 0) {
        const auto& found = reinterpret_cast<const entry*>(bytes)->name;
        const std::wstring_view its_name(found.Buffer, found.Length / sizeof(wchar_t));
        n += its_name.find(std::wstring(text.begin(), text.end())) != its_name.npos ? 1U : 0U;
    }
    return n;
}

thread_number this_thread() {
    return ::GetCurrentThreadId();
}

bool is_asleep(thread_number thread) {
    const auto t = open_thread(thread);
    return t && is_in_a_wait(look_at(t).at);
}

void until_asleep(thread_number thread) {
    while (!is_asleep(thread))
        ::SwitchToThread();
}

void until_ended(thread_number thread) {
    const bool is_another_process = thread != own_process() && thread_behind(thread) != thread;
    const auto t = is_another_process ? handle(::OpenProcess(SYNCHRONIZE, FALSE, thread)) : open_thread(thread);
    if (t)
        ::WaitForSingleObject(t.get(), INFINITE);
}

void until_stopped(std::uint32_t process) {
    while (!look_at(open_thread(process)).was_suspended)
        ::SwitchToThread();
}

std::uint32_t own_process() {
    return ::GetCurrentProcessId();
}

void end_this_thread() {
    ::ExitThread(0);
}

bool become_nobody() {
    return false; // it would take somebody's password
}

} // namespace crosswake::test
