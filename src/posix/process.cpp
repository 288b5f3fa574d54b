// Who a process is, and whether it lives, from pidfds, /proc and the holds on a region.
#include <backend/process.hpp>

#include <posix/fd.hpp>
#include <posix/proc.hpp>
#include <posix/region_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>
#include <string_view>

namespace crosswake::posix {
namespace {

/// What /proc/<pid>/stat tells. Fields are counted from 1, as proc(5) does.
struct stat_line {
    char state = '?';               // field 3
    long threads = 0;               // field 20
    unsigned long long started = 0; // field 22, in clock ticks after boot
};

bool read_stat(const char* path, stat_line& line) noexcept {
    const fd file(::open(path, O_RDONLY | O_CLOEXEC));
    char text[1024];
    const auto got = file ? ::read(file.get(), text, sizeof text - 1) : -1;
    if (got <= 0)
        return false;
    text[got] = '\0';
    // Field 2 is the program's name in parentheses and may hold anything, parentheses included.
    const char* after_name = std::strrchr(text, ')');
    if (after_name == nullptr)
        return false;
    return std::sscanf(after_name + 1,
                       " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu", &line.state,
                       &line.threads, &line.started) == 3;
}

} // namespace

bool proc_is_ours() noexcept {
    char text[32];
    const auto got = ::readlink("/proc/self", text, sizeof text - 1);
    pid_t shown = 0;
    return got > 0 && std::from_chars(text, text + got, shown).ec == std::errc{} && shown == ::getpid();
}

namespace {

/// false: /proc is not ours or hides it (it exists, or did a moment ago); or somebody else has the number by now, or
/// time is counted otherwise there (a time namespace).
bool read_stat_of(backend::token_fields who, stat_line& line) noexcept {
    char path[40];
    std::snprintf(path, sizeof path, "/proc/%d/stat", static_cast<pid_t>(who.pid));
    return proc_is_ours() && read_stat(path, line) &&
           (static_cast<std::uint32_t>(line.started) & 0x3f'ffffu) == who.birth;
}

} // namespace

bool has_its_number(backend::token_fields who) noexcept {
    stat_line line;
    return read_stat_of(who, line);
}

} // namespace crosswake::posix

namespace crosswake::backend {

using namespace posix;

namespace {

std::uint32_t own_namespace() noexcept {
    struct stat s {};
    return ::stat("/proc/self/ns/pid", &s) == 0 ? static_cast<std::uint32_t>(s.st_ino) & 0xffff : 0;
}

/// By the process alone; the caller has made sure that `who` is of this PID namespace.
life probe_process(token_fields who) noexcept {
    const auto pid = static_cast<pid_t>(who.pid);
    const fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (handle) {
        // Readable once the whole process is gone or a zombie; not when only its first thread has left.
        pollfd ended{handle.get(), POLLIN, 0};
        if (::poll(&ended, 1, 0) == 1)
            return life::dead;
    } else if (errno == ESRCH || (::kill(pid, 0) != 0 && errno == ESRCH)) {
        return life::dead;
    }
    stat_line line;
    if (!read_stat_of(who, line))
        return life::unknown;
    if (!handle && (line.state == 'Z' || line.state == 'X') && line.threads <= 1)
        return life::dead;
    return life::alive;
}

} // namespace

detail::owner_token identify() noexcept {
    stat_line line;
    read_stat("/proc/self/stat", line);
    return pack({.pid = static_cast<std::uint32_t>(::getpid()),
                 .pid_namespace = own_namespace(),
                 .birth = static_cast<std::uint32_t>(line.started)});
}

detail::atomic<detail::owner_token>& identity_cell() noexcept {
    static detail::atomic<detail::owner_token>& cell = []() -> detail::atomic<detail::owner_token>& {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        void* at = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED || ::madvise(at, page, MADV_WIPEONFORK) != 0)
            std::abort(); // out of memory at start-up, or a kernel before 4.14
        return *::new (at) detail::atomic<detail::owner_token>{0};
    }();
    return cell;
}

life probe(detail::owner_token who, const region& where) noexcept {
    const auto me = detail::this_process();
    if (who == me)
        return life::alive;
    if (unpack(who).pid_namespace == unpack(me).pid_namespace && probe_process(unpack(who)) == life::dead)
        return life::dead;
    const fd file = static_cast<const region_file&>(where).reopen();
    if (!file)
        return life::unknown;
    return region_file::is_held_by(file, who) ? life::alive : life::dead;
}

void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
    // Who a process is, and its holds, take a descriptor at a time. A child that is born where none is left must still
    // become somebody, or what it locks would be taken for a dead process's: it has its parent's spare one.
    static fd spare;
    static void (*become_somebody)();
    static const auto keep_a_spare = [] { spare = fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); };
    keep_a_spare();
    become_somebody = in_child;
    ::pthread_atfork(before, in_parent, [] {
        spare.reset();
        become_somebody();
        keep_a_spare();
    });
}

std::uint64_t random_number() noexcept {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        number = static_cast<std::uint64_t>(::getpid()) << 32 ^ static_cast<std::uint64_t>(std::clock());
    return number;
}

} // namespace crosswake::backend
