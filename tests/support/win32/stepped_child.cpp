// Stepping, by the process itself, as another one says.
//
// Its mappings are write-protected, so that each store to them is an exception. Its own handler lifts the protection
// for that one instruction, has the processor trap behind it, and waits there until it is told to go on. The system's
// functions that the library calls are replaced by ones that do the same behind the call. All else runs at full speed.
// Who waits in a handler stands, for everyone else, where it was interrupted.
//
// It creeps through its own program alone: in the system, which may have locks of its own, it stops for nobody.
#include <support/stepped_child.hpp>

#include <support/system.hpp>
#include <support/win32/address_space.hpp>
#include <support/win32/import.hpp>

#include <win32/handle.hpp>
#include <win32/view.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <type_traits>

/// Which calls are landmarks: what the library calls, and its tests' loop, that others can notice, or that sleeps.
/// Those that wait say in their last argument how long.
#define CROSSWAKE_LANDMARKS(call)                                                                                      \
    call(CloseHandle, plain);                                                                                          \
    call(CreateEventW, plain);                                                                                         \
    call(CreateFileMappingW, plain);                                                                                   \
    call(MapViewOfFile, maps);                                                                                         \
    call(OpenEventW, plain);                                                                                           \
    call(OpenFileMappingW, plain);                                                                                     \
    call(OpenProcess, plain);                                                                                          \
    call(RegisterWaitForSingleObject, plain);                                                                          \
    call(ResetEvent, plain);                                                                                           \
    call(SetEvent, plain);                                                                                             \
    call(SetKernelObjectSecurity, plain);                                                                              \
    call(Sleep, plain);                                                                                                \
    call(UnmapViewOfFile, plain);                                                                                      \
    call(UnregisterWaitEx, plain);                                                                                     \
    call(WaitForMultipleObjects, waits);                                                                               \
    call(WaitForSingleObject, waits)

#define CROSSWAKE_IMPORTED(name, what) extern "C" decltype(&::name) __imp_##name
CROSSWAKE_LANDMARKS(CROSSWAKE_IMPORTED);

namespace crosswake::test {
namespace {

using win32::handle;
using win32::view;

void require(bool ok, const char* call) {
    if (!ok)
        throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), call);
}

// ------------------------------------------------------------------------------------- what the two tell each other

enum class order : std::uint32_t { step, creep, go_on_alone };
enum class place : std::uint32_t {
    begin,
    landmark,
    crept,
    before_a_landmark,
    over,
};

/// Made by whichever of the two comes first. To each order there is one answer: where it took the child.
class talk {
public:
    explicit talk(std::uint32_t child)
        : said_(event(child, "said")), waits_(event(child, "waits")), ordered_(event(child, "ordered")),
          section_(::CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, sizeof(words),
                                        name(child, "words").c_str())),
          view_(section_, FILE_MAP_READ | FILE_MAP_WRITE) {
        require(said_ && waits_ && ordered_ && view_, "what steps are told through");
    }

    void say(place p) const {
        its().is_at.store(p);
        ::SetEvent(said_.get());
    }
    /// It may fall asleep where it is, and goes on from there by itself.
    void say_that_it_waits() const { ::SetEvent(waits_.get()); }
    [[nodiscard]] order await_order() const {
        ::WaitForSingleObject(ordered_.get(), INFINITE);
        return its().what_to_do.load();
    }

    void give(order o) const {
        ::ResetEvent(waits_.get());
        its().what_to_do.store(o);
        ::SetEvent(ordered_.get());
    }
    [[nodiscard]] const handle& said() const noexcept { return said_; }
    [[nodiscard]] const handle& waits() const noexcept { return waits_; }
    [[nodiscard]] place is_at() const { return its().is_at.load(); }

    [[nodiscard]] const void* bytes() const noexcept { return view_.bytes(); }

private:
    struct words {
        std::atomic<place> is_at;
        std::atomic<order> what_to_do;
    };

    static std::string name(std::uint32_t child, const char* what) {
        return "crosswake-steps." + std::to_string(child) + '.' + what;
    }
    static handle event(std::uint32_t child, const char* what) {
        return handle(::CreateEventA(nullptr, FALSE, FALSE, name(child, what).c_str()));
    }
    [[nodiscard]] words& its() const { return *reinterpret_cast<words*>(view_.bytes()); }

    handle said_;
    handle waits_;
    handle ordered_;
    handle section_;
    view view_;
};

// ----------------------------------------------------------------------------------------------------- in the child

/// The mapping in which that is; whole, as it was mapped with one protection.
MEMORY_BASIC_INFORMATION mapping_at(const void* at) {
    MEMORY_BASIC_INFORMATION found{};
    ::VirtualQuery(at, &found, sizeof found);
    if (found.BaseAddress != found.AllocationBase)
        ::VirtualQuery(found.AllocationBase, &found, sizeof found);
    return found;
}

bool protect(const MEMORY_BASIC_INFORMATION& mapping, DWORD rights) {
    DWORD before = 0;
    return mapping.Type == MEM_MAPPED && ::VirtualProtect(mapping.BaseAddress, mapping.RegionSize, rights, &before);
}

void protect_mappings(const void* but) {
    for_each_part([but](const MEMORY_BASIC_INFORMATION& part) {
        if (part.State == MEM_COMMIT && part.Protect == PAGE_READWRITE && part.BaseAddress != but)
            protect(part, PAGE_READONLY);
    });
}

/// Of the one thread that is stepped through. Others' calls are none of its landmarks, nor are those it makes for this.
class steps {
public:
    steps() : talk_(own_process()) {
        ::AddVectoredExceptionHandler(1, [](EXCEPTION_POINTERS* e) { return the().met(*e); });
    }
    static steps& the() {
        static steps only;
        return only;
    }

    void begin() {
        thread_ = ::GetCurrentThreadId();
        protect_mappings(talk_.bytes());
        interrupt(place::begin);
    }
    void end() {
        if (is_stepped())
            interrupt(place::over);
    }

    void enter_call(bool may_sleep) {
        if (!may_sleep || !is_stepped())
            return;
        is_telling_ = true;
        talk_.say_that_it_waits();
        is_telling_ = false;
    }
    void leave_call(bool may_have_mapped) {
        if (!is_stepped())
            return;
        if (may_have_mapped)
            protect_mappings(talk_.bytes());
        interrupt(place::landmark);
    }

private:
    static constexpr DWORD trap = 0x100;

    [[nodiscard]] bool is_stepped() const { return ::GetCurrentThreadId() == thread_ && !is_alone_ && !is_telling_; }

    /// Stops here, in the same way as at a store.
    void interrupt(place p) {
        interrupted_at_ = p;
        __debugbreak();
    }

    /// Says where it is, and goes on as it is told.
    void stop_at(place p, CONTEXT& c) {
        is_telling_ = true;
        auto o = order::go_on_alone;
        do {
            talk_.say(p);
            o = talk_.await_order();
        } while (p == place::before_a_landmark && o == order::creep);
        is_telling_ = false;
        is_alone_ = o == order::go_on_alone;
        is_creeping_ = o == order::creep;
        set_trap(c, is_creeping_);
    }
    static void set_trap(CONTEXT& c, bool on) { c.EFlags = on ? c.EFlags | trap : c.EFlags & ~trap; }

    LONG met(EXCEPTION_POINTERS& e) {
        if (::GetCurrentThreadId() != thread_)
            return EXCEPTION_CONTINUE_SEARCH;
        const auto error = ::GetLastError();
        const bool is_ours = handled(*e.ExceptionRecord, *e.ContextRecord);
        ::SetLastError(error);
        return is_ours ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
    }
    bool handled(const EXCEPTION_RECORD& what, CONTEXT& c) {
        constexpr ULONG_PTR write = 1;
        switch (what.ExceptionCode) {
        case EXCEPTION_BREAKPOINT:
            ++c.Rip; // it points to the instruction
            stop_at(interrupted_at_, c);
            return true;
        case EXCEPTION_ACCESS_VIOLATION:
            return what.ExceptionInformation[0] == write &&
                   store_to(reinterpret_cast<const void*>(what.ExceptionInformation[1]), c);
        case EXCEPTION_SINGLE_STEP:
            trapped(c);
            return true;
        default:
            return false;
        }
    }
    /// It has come to a store that is not allowed: makes it.
    bool store_to(const void* at, CONTEXT& c) {
        if (is_creeping_)
            stop_at(place::before_a_landmark, c);
        const auto mapping = mapping_at(at);
        if (!protect(mapping, PAGE_READWRITE))
            return false;
        if (!is_alone_) {
            stored_to_ = mapping;
            has_stored_ = true;
            set_trap(c, true);
        }
        return true;
    }
    void trapped(CONTEXT& c) {
        if (has_stored_) {
            has_stored_ = false;
            protect(stored_to_, PAGE_READONLY);
            stop_at(place::landmark, c);
        } else if (is_creeping_) {
            stop_at(is_in_this_program(c.Rip) ? place::crept : place::before_a_landmark, c);
        }
    }
    static bool is_in_this_program(std::uint64_t at) {
        MEMORY_BASIC_INFORMATION found{};
        ::VirtualQuery(reinterpret_cast<const void*>(at), &found, sizeof found);
        return found.AllocationBase == ::GetModuleHandleW(nullptr);
    }

    talk talk_;
    DWORD thread_ = 0;
    bool is_alone_ = false;
    bool is_creeping_ = false;
    bool is_telling_ = false;
    place interrupted_at_ = place::begin;
    bool has_stored_ = false;
    MEMORY_BASIC_INFORMATION stored_to_{};
};

enum class kind : unsigned char { plain, maps, waits };

template <auto* imported, kind what, class = std::remove_pointer_t<std::remove_pointer_t<decltype(imported)>>>
struct landmark;

template <auto* imported, kind what, class R, class... A>
struct landmark<imported, what, R(A...)> {
    static void make() { real = replace_import(*imported, &call); }

private:
    static inline R(WINAPI* real)(A...) = nullptr;

    static R WINAPI call(A... args) {
        const around a{may_sleep(args...)};
        return real(args...);
    }
    struct around {
        explicit around(bool sleeps) { steps::the().enter_call(sleeps); }
        ~around() { steps::the().leave_call(what == kind::maps); }
    };
    static bool may_sleep(const A&... args) {
        if constexpr (what == kind::waits)
            return std::get<sizeof...(A) - 1>(std::tie(args...)) != 0;
        else
            return false;
    }
};

} // namespace

// --------------------------------------------------------------------------------------------------- beside the child

class stepped_child::tracer {
public:
    explicit tracer(std::uint32_t child)
        : child_(child), talk_(child), process_(::OpenProcess(SYNCHRONIZE, FALSE, child)) {
        require(static_cast<bool>(process_), "OpenProcess");
        await_word();
    }

    step next() {
        if (!waits_)
            talk_.give(order::step);
        while (!waits_ && await_word() == word::waits)
            waits_ = true;
        while (waits_) {
            // In this order: it may have been woken after it was seen asleep, but then it has said where it is.
            const bool seen_asleep = is_asleep(child_);
            if (await_word(0) == word::said)
                waits_ = false;
            else if (seen_asleep)
                return step::asleep;
            else
                ::SwitchToThread();
        }
        return talk_.is_at() == place::over ? step::over : step::landmark;
    }
    bool creep() {
        talk_.give(order::creep);
        await_word();
        return talk_.is_at() == place::crept;
    }
    void let_go() { talk_.give(order::go_on_alone); }

private:
    enum class word : unsigned char { said, waits, none };

    word await_word(DWORD within_ms = INFINITE) {
        const HANDLE any[] = {talk_.said().get(), talk_.waits().get(), process_.get()};
        switch (::WaitForMultipleObjects(3, any, FALSE, within_ms)) {
        case WAIT_OBJECT_0:
            return word::said;
        case WAIT_OBJECT_0 + 1:
            return word::waits;
        case WAIT_TIMEOUT:
            return word::none;
        default:
            throw std::runtime_error("a stepped child ended by itself");
        }
    }

    std::uint32_t child_;
    talk talk_;
    handle process_;
    bool waits_ = false; // and may be asleep
};

stepped_child::stepped_child(const std::string& role, const std::vector<std::string>& args)
    : child_(role, args), tracer_(std::make_unique<tracer>(child_.pid())) {}

stepped_child::~stepped_child() = default;

void stepped_child::begin() {
    auto& s = steps::the();
#define CROSSWAKE_MAKE_LANDMARK(name, what) landmark<&__imp_##name, kind::what>::make()
    CROSSWAKE_LANDMARKS(CROSSWAKE_MAKE_LANDMARK);
    s.begin();
}

void stepped_child::end() {
    steps::the().end();
}

stepped_child::step stepped_child::next() {
    return tracer_->next();
}

bool stepped_child::creep() {
    return tracer_->creep();
}

void stepped_child::kill() {
    child_.kill();
}

void stepped_child::stop() {
    child_.stop();
}

void stepped_child::resume() {
    child_.resume();
    tracer_->let_go();
}

int stepped_child::wait() {
    return child_.wait();
}

} // namespace crosswake::test
