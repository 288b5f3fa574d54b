// Stepping, by ptrace(2).
//
// The child's shared mappings are write-protected, so that each store to them is a fault that the tracer hears of: it
// lifts the protection for that one instruction. All else runs at full speed. The system calls that this takes are made
// by the child itself, which is put on an instruction for it, and then back.
#include <support/stepped_child.hpp>

#include <support/system.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace crosswake::test {
namespace {

void require(bool ok, const char* call) {
    if (!ok)
        throw std::runtime_error(std::string(call) + ": " + std::strerror(errno));
}

// What is known here of a processor.
#if defined(__x86_64__)
using registers = user_regs_struct;
constexpr std::uintptr_t call_bytes = 2;
constexpr long call_code = 0x050f;

std::uintptr_t place(const registers& r) {
    return r.rip;
}
/// kill() without a signal, which does nothing.
bool is_call_to_end(const registers& r) {
    return r.orig_rax == SYS_kill && r.rsi == 0;
}
bool may_have_mapped_or_unmapped(const registers& r) {
    return r.orig_rax == SYS_mmap || r.orig_rax == SYS_munmap;
}
registers to_protect(registers r, std::uintptr_t call_at, std::uintptr_t from, std::uintptr_t bytes, int rights) {
    r.rip = call_at;
    r.orig_rax = static_cast<decltype(r.orig_rax)>(-1); // no call is under way that would have to be begun again
    r.rax = static_cast<decltype(r.rax)>(SYS_mprotect);
    r.rdi = from;
    r.rsi = bytes;
    r.rdx = static_cast<decltype(r.rdx)>(rights);
    return r;
}
bool failed(const registers& r) {
    return r.rax != 0;
}
#else
#error "what does a system call look like here?"
#endif

constexpr int stopped_at_call = SIGTRAP | 0x80;

} // namespace

class stepped_child::tracer {
public:
    explicit tracer(std::uint32_t process) : process_(static_cast<pid_t>(process)) {
        if (wait_for_stop() != SIGSTOP)
            throw std::runtime_error("a role did not come to stepped_child::begin()");
        require(::ptrace(PTRACE_SETOPTIONS, process_, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) == 0,
                "PTRACE_SETOPTIONS");
        call_at_ = place(get()) - call_bytes; // it has just called the system to stop
        protect_mappings();
    }

    step next() {
        for (;;) {
            if (!asleep_)
                require(::ptrace(PTRACE_SYSCALL, process_, nullptr, nullptr) == 0, "PTRACE_SYSCALL");
            int signal = 0;
            if (!in_call_)
                signal = wait_for_stop();
            else if (asleep_ = !has_stopped(signal); asleep_)
                return step::asleep;
            if (signal == stopped_at_call && !in_call_) {
                in_call_ = true;
            } else if (signal == stopped_at_call) {
                in_call_ = false;
                const auto r = get();
                if (is_call_to_end(r))
                    return step::over;
                if (may_have_mapped_or_unmapped(r))
                    protect_mappings();
                return step::landmark;
            } else if (signal == SIGSEGV) {
                store();
                return step::landmark;
            } else {
                unexpected(signal);
            }
        }
    }

    bool creep() {
        errno = 0;
        const long code = ::ptrace(PTRACE_PEEKTEXT, process_, place(get()), nullptr);
        require(errno == 0, "PTRACE_PEEKTEXT");
        if ((code & 0xffff) == call_code)
            return false;
        require(::ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr) == 0, "PTRACE_SINGLESTEP");
        const int signal = wait_for_stop();
        if (signal != SIGTRAP && signal != SIGSEGV)
            unexpected(signal);
        return signal == SIGTRAP;
    }

    void leave_it_stopped() {
        if (asleep_) {
            ::kill(process_, SIGSTOP);
            while (wait_for_stop() != SIGSTOP) // the call ends first, to be begun again
                require(::ptrace(PTRACE_SYSCALL, process_, nullptr, nullptr) == 0, "PTRACE_SYSCALL");
        }
        for (const auto& m : mappings_)
            protect(m, PROT_READ | PROT_WRITE);
        require(::ptrace(PTRACE_DETACH, process_, nullptr, SIGSTOP) == 0, "PTRACE_DETACH");
    }

private:
    struct mapping {
        std::uintptr_t from;
        std::uintptr_t to;
    };

    int stop_signal(int status) {
        if (!WIFSTOPPED(status))
            throw std::runtime_error("a stepped child ended by itself: status " + std::to_string(status));
        return WSTOPSIG(status);
    }
    int wait_for_stop() {
        int status = 0;
        require(::waitpid(process_, &status, WUNTRACED) == process_, "waitpid");
        return stop_signal(status);
    }
    /// false: it sleeps.
    bool has_stopped(int& signal) {
        for (;;) {
            // In this order: it may stop after it was seen asleep, but then it has stopped.
            const bool seen_asleep = is_asleep(static_cast<thread_number>(process_));
            int status = 0;
            const auto stopped = ::waitpid(process_, &status, WNOHANG);
            require(stopped >= 0, "waitpid");
            if (stopped == process_) {
                signal = stop_signal(status);
                return true;
            }
            if (seen_asleep)
                return false;
            ::sched_yield();
        }
    }
    [[noreturn]] void unexpected(int signal) {
        throw std::runtime_error("a stepped child was sent signal " + std::to_string(signal));
    }

    registers get() {
        registers r{};
        require(::ptrace(PTRACE_GETREGS, process_, nullptr, &r) == 0, "PTRACE_GETREGS");
        return r;
    }
    void set(const registers& r) { require(::ptrace(PTRACE_SETREGS, process_, nullptr, &r) == 0, "PTRACE_SETREGS"); }
    void one_instruction() {
        require(::ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr) == 0, "PTRACE_SINGLESTEP");
        if (const int signal = wait_for_stop(); signal != SIGTRAP)
            unexpected(signal);
    }

    void protect(const mapping& m, int rights) {
        const auto before = get();
        set(to_protect(before, call_at_, m.from, m.to - m.from, rights));
        one_instruction();
        if (failed(get()))
            throw std::runtime_error("mprotect of a shared mapping");
        set(before);
    }
    void protect_mappings() {
        mappings_.clear();
        std::ifstream maps("/proc/" + std::to_string(process_) + "/maps");
        for (std::string line; std::getline(maps, line);) {
            std::istringstream words(line);
            mapping m{};
            char dash = 0;
            std::string rights;
            words >> std::hex >> m.from >> dash >> m.to >> rights;
            if (rights.size() == 4 && rights[3] == 's')
                mappings_.push_back(m);
        }
        for (const auto& m : mappings_)
            protect(m, PROT_READ);
    }
    /// It has come to a store that is not allowed: makes it.
    void store() {
        siginfo_t what{};
        require(::ptrace(PTRACE_GETSIGINFO, process_, nullptr, &what) == 0, "PTRACE_GETSIGINFO");
        const auto at = reinterpret_cast<std::uintptr_t>(what.si_addr);
        const auto m = std::find_if(mappings_.begin(), mappings_.end(),
                                    [at](const mapping& it) { return it.from <= at && at < it.to; });
        if (m == mappings_.end())
            unexpected(SIGSEGV);
        protect(*m, PROT_READ | PROT_WRITE);
        one_instruction();
        protect(*m, PROT_READ);
    }

    pid_t process_;
    std::uintptr_t call_at_ = 0;
    std::vector<mapping> mappings_;
    bool in_call_ = false;
    bool asleep_ = false;
};

stepped_child::stepped_child(const std::string& role, const std::vector<std::string>& args)
    : child_(role, args), tracer_(std::make_unique<tracer>(child_.pid())) {}

stepped_child::~stepped_child() = default;

void stepped_child::begin() {
    require(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0, "PTRACE_TRACEME");
    child::stop_myself();
}

void stepped_child::end() {
    ::kill(::getpid(), 0);
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
    tracer_->leave_it_stopped();
    until_stopped(pid());
}

void stepped_child::resume() {
    child_.resume();
}

int stepped_child::wait() {
    return child_.wait();
}

} // namespace crosswake::test
