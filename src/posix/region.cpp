// Regions as files under /dev/shm.
//
// Every process that has a region mapped holds a shared flock on it, through the mapping: the mapping keeps the open
// file description alive, and with it the lock, so the descriptor can be closed at once. The kernel lets go when the
// process unmaps or dies, at whatever instruction. Hence the two rules that everything here follows:
//
//     - Whoever gets the exclusive lock has proof that nobody maps the file. Only such a one removes the name.
//     - Whoever gets the shared lock looks afterwards whether the file still has a name. If not, it came too late.
//
// Beside it each holder has a shared lock on the one byte whose offset is its token (an open-file-description lock,
// kept in the same way): asking for that byte tells whether a certain process still has the region, across PID
// namespaces.
//
// Whoever maps the file may write it, so a holder's leaving, by its death too, is to inotify the closing of a file that
// could be written. What is opened for a moment is therefore opened for reading, wherever that will do.
#include <posix/region_file.hpp>

#include <backend/clock.hpp>

#include <crosswake/error.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <new>

namespace crosswake::posix {
namespace {

constexpr const char* directory = "/dev/shm";
constexpr std::string_view prefix = "crosswake.";
/// How long a creator waits for another process that is removing what a dead one left.
constexpr std::int64_t patience_ns = 1'000'000'000;

std::error_code system_error_code(int e) noexcept {
    switch (e) {
    case ENOENT:
        return errc::not_found;
    case EEXIST:
        return errc::already_exists;
    case EACCES:
    case EPERM:
        return errc::permission_denied;
    case ENOSPC:
        return errc::no_space;
    case ELOOP: // O_NOFOLLOW met a symbolic link: no region is one
        return errc::corrupted;
    default:
        return {e, std::system_category()};
    }
}

std::string path_of(std::string_view name) {
    return std::string(directory) + '/' + std::string(prefix) + std::string(name);
}

bool lock_file(const fd& file, int how) noexcept {
    while (::flock(file.get(), how) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static_assert(sizeof(off_t) == 8, "or a hold's byte is not the one that other processes ask for");

struct ::flock hold_of(detail::owner_token who, short type) noexcept {
    struct ::flock l {};
    l.l_type = type;
    l.l_whence = SEEK_SET;
    l.l_start = static_cast<off_t>(who >> 2); // the two flag bits are no part of a token; what is left is not negative
    l.l_len = 1;
    return l;
}

bool same_file(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// The caller has the exclusive lock: nobody maps the file, so it may go, if it is what the name stands for. false with
/// errno 0: it is not.
bool remove_name(const fd& file, const char* path) noexcept {
    struct stat mine {};
    struct stat named {};
    errno = 0;
    return ::fstat(file.get(), &mine) == 0 && ::lstat(path, &named) == 0 && same_file(mine, named) &&
           ::unlink(path) == 0;
}

/// true if there was a dead region under that path, and is no more.
bool remove_if_dead(const char* path) noexcept {
    const fd file(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat s {};
    return file && ::fstat(file.get(), &s) == 0 && S_ISREG(s.st_mode) && lock_file(file, LOCK_EX | LOCK_NB) &&
           remove_name(file, path);
}

/// Somebody is about to remove it, which takes a few steps, unless he is stopped amid them. No lock of the system's can
/// be waited for until a deadline. 0: he is through. EBUSY: not yet.
int outlast_removal(const fd& file) noexcept {
    constexpr timespec a_few_steps{0, 100'000};
    const auto given_up = backend::steady_ns() + patience_ns;
    while (!lock_file(file, LOCK_SH | LOCK_NB)) {
        if (errno != EWOULDBLOCK)
            return EEXIST;
        if (backend::steady_ns() >= given_up)
            return EBUSY;
        ::ppoll(nullptr, 0, &a_few_steps, nullptr);
    }
    return 0;
}

/// A name is wanted that something has. 0: ask again. EEXIST: a living region, or what cannot be removed. EBUSY: a dead
/// one that somebody is removing who does not go on.
int make_way(const char* path) noexcept {
    const fd file(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat s {};
    if (!file)
        return errno == ENOENT ? 0 : EEXIST;
    if (::fstat(file.get(), &s) != 0 || !S_ISREG(s.st_mode))
        return EEXIST;
    bool is_dead = lock_file(file, LOCK_EX | LOCK_NB);
    if (!is_dead) {
        if (!lock_file(file, LOCK_SH | LOCK_NB))
            return outlast_removal(file);
        lock_file(file, LOCK_UN); // to ask is to hold it for a moment, and whoever lets it go then leaves it to us
        is_dead = lock_file(file, LOCK_EX | LOCK_NB);
    }
    if (is_dead && remove_name(file, path))
        return 0;
    return ::fstat(file.get(), &s) == 0 && s.st_nlink == 0 ? 0 : EEXIST; // 0: it went meanwhile
}

bool give_name(const fd& file, const char* path) noexcept {
    const auto unnamed = "/proc/self/fd/" + std::to_string(file.get());
    return ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ||
           // Without /proc: it takes a right that not everybody has on older systems.
           (errno == ENOENT && ::linkat(file.get(), "", AT_FDCWD, path, AT_EMPTY_PATH) == 0);
}

mode_t mode_of(permissions who) noexcept {
    switch (who) {
    case permissions::this_user:
        return 0600;
    case permissions::group:
        return 0660;
    case permissions::everyone:
        return 0666;
    }
    return 0600;
}

bool acceptable(const struct stat& s, permissions who) noexcept {
    switch (who) {
    case permissions::this_user:
        return s.st_uid == ::geteuid();
    case permissions::group:
        return s.st_uid == ::geteuid() || s.st_gid == ::getegid();
    case permissions::everyone:
        return true;
    }
    return false;
}

std::byte* map(const fd& file, std::size_t bytes, std::error_code& error) noexcept {
    void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (at == MAP_FAILED) {
        error = system_error_code(errno);
        return nullptr;
    }
    return static_cast<std::byte*>(at);
}

/// Sets pages aside; EINTR aside, what fails here would otherwise be a fault at some later store.
std::error_code set_aside(const fd& file, std::size_t offset, std::size_t length) noexcept {
    for (;;) {
        const int e = ::posix_fallocate(file.get(), static_cast<off_t>(offset), static_cast<off_t>(length));
        if (e == 0)
            return {};
        if (e != EINTR)
            return system_error_code(e);
    }
}

struct unmapper {
    std::byte* bytes;
    std::size_t size;
    ~unmapper() {
        if (bytes != nullptr)
            ::munmap(bytes, size);
    }
};

} // namespace

fd region_file::reopen(int access) const noexcept {
    fd file(::open(path_.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat s {};
    if (!file || ::fstat(file.get(), &s) != 0)
        return {};
    if (is(s))
        return file;
    errno = ENOENT; // that one is another
    return {};
}

bool region_file::take_hold(const fd& file, detail::owner_token who) noexcept {
    auto hold = hold_of(who, F_RDLCK);
    return ::fcntl(file.get(), F_OFD_SETLK, &hold) == 0;
}

bool region_file::is_held_by(const fd& file, detail::owner_token who) noexcept {
    auto hold = hold_of(who, F_WRLCK);
    return ::fcntl(file.get(), F_OFD_GETLK, &hold) != 0 || hold.l_type != F_UNLCK;
}

bool region_file::hold_as(detail::owner_token who) noexcept {
    const fd file = reopen(O_RDWR);
    if (!file)
        return errno == ENOENT; // nor does anybody else find it who would ask for the hold
    if (!lock_file(file, LOCK_SH) || !take_hold(file, who))
        return false;
    void* at = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, file.get(), 0);
    if (at == MAP_FAILED)
        return false;
    if (own_hold_ != nullptr)
        ::munmap(own_hold_, 1);
    own_hold_ = at;
    return true;
}

std::error_code region_file::reserve(std::size_t offset, std::size_t length) noexcept {
    const fd file = reopen(O_RDWR);
    return file ? set_aside(file, offset, length) : make_error_code(errc::not_found);
}

bool region_file::ring() noexcept {
    // inotify tells its watchers when the times are set, or of a write(2); not of stores to a mapping.
    struct stat s {};
    if (::lstat(path_.c_str(), &s) == 0 && is(s) &&
        ::utimensat(AT_FDCWD, path_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    const fd file = reopen(O_RDWR);
    const char byte = 0;
    return file && ::pwrite(file.get(), &byte, 1, 0) == 1;
}

region_file::~region_file() {
    if (own_hold_ != nullptr)
        ::munmap(own_hold_, 1);
    ::munmap(bytes(), size());
    // A fresh description: the one behind the mapping may be shared with forked children, and converting or dropping
    // its lock would act for them too.
    const fd file = reopen();
    if (file && lock_file(file, LOCK_EX | LOCK_NB))
        remove_name(file, path_.c_str());
}

} // namespace crosswake::posix

namespace crosswake::backend {

using namespace posix;

std::unique_ptr<region> region::create(std::string_view name, std::size_t bytes, std::size_t reserved, permissions who,
                                       initialiser& initialise, std::error_code& error) {
    error.clear();
    const auto path = path_of(name);
    const auto fail = [&error](int e) {
        error = system_error_code(e);
        return nullptr;
    };

    // Made without a name, and named when it is ready: a creator that stops or dies on the way is in nobody's way.
    const fd file(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0)
        return fail(errno);
    if (error = set_aside(file, 0, reserved); error)
        return nullptr;
    unmapper mapping{map(file, bytes, error), bytes};
    if (mapping.bytes == nullptr)
        return nullptr;
    initialise(mapping.bytes);
    struct stat identity {};
    if (::fchmod(file.get(), mode_of(who)) != 0 || !lock_file(file, LOCK_SH) || ::fstat(file.get(), &identity) != 0 ||
        !region_file::take_hold(file, detail::this_process()))
        return fail(errno);

    while (!give_name(file, path.c_str()))
        if (errno == ENOENT) {
            error = {ENOENT, std::system_category()}; // no /proc, and no right to do without: nothing was looked for
            return nullptr;
        } else if (errno != EEXIST)
            return fail(errno);
        else if (const int in_the_way = make_way(path.c_str()); in_the_way != 0)
            return fail(in_the_way);
    auto* const at = std::exchange(mapping.bytes, nullptr);
    return std::make_unique<region_file>(at, bytes, path, identity);
}

std::unique_ptr<region> region::open(std::string_view name, permissions who, std::error_code& error) {
    const auto path = path_of(name);
    for (;;) {
        error.clear();
        const fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
        struct stat s {};
        if (!file || ::fstat(file.get(), &s) != 0) {
            error = system_error_code(errno);
            return nullptr;
        }
        if (!S_ISREG(s.st_mode)) {
            error = errc::corrupted;
            return nullptr;
        }
        if (!acceptable(s, who)) {
            error = errc::permission_denied;
            return nullptr;
        }
        if (lock_file(file, LOCK_EX | LOCK_NB)) {
            // All who had it are dead. What they left is another user's to remove, if it cannot be removed here.
            if (!remove_name(file, path.c_str()) && errno != 0 && errno != ENOENT) {
                error = system_error_code(errno);
                return nullptr;
            }
            continue;
        }
        // Somebody maps it, or is about to remove it, and then nobody does.
        if (!lock_file(file, LOCK_SH | LOCK_NB)) {
            error = system_error_code(errno == EWOULDBLOCK ? ENOENT : errno);
            return nullptr;
        }
        if (!region_file::take_hold(file, detail::this_process()) || ::fstat(file.get(), &s) != 0) {
            error = system_error_code(errno);
            return nullptr;
        }
        if (s.st_nlink == 0)
            continue;
        if (s.st_size <= 0) {
            error = errc::corrupted;
            return nullptr;
        }
        const auto bytes = static_cast<std::size_t>(s.st_size);
        auto* const at = map(file, bytes, error);
        if (at == nullptr)
            return nullptr;
        return std::make_unique<region_file>(at, bytes, path, s);
    }
}

std::size_t sweep_regions(std::size_t most) noexcept {
    // Each call goes on where the last one of this process stopped: a bounded share must not look at the same few for
    // ever.
    static thread_local long next = 0;
    DIR* const entries = ::opendir(directory);
    if (entries == nullptr)
        return 0;
    if (next != 0)
        ::seekdir(entries, next);
    std::size_t removed = 0;
    const dirent* entry = nullptr;
    for (std::size_t looked_at = 0; looked_at < most && (entry = ::readdir(entries)) != nullptr;) {
        const std::string_view name(entry->d_name);
        struct stat s {};
        if (!name.starts_with(prefix) || ::fstatat(::dirfd(entries), entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
            s.st_uid != ::geteuid())
            continue;
        ++looked_at;
        char path[300];
        std::memcpy(path, directory, std::strlen(directory));
        path[std::strlen(directory)] = '/';
        std::memcpy(path + std::strlen(directory) + 1, entry->d_name, name.size() + 1);
        removed += static_cast<std::size_t>(remove_if_dead(path));
    }
    next = entry == nullptr ? 0 : ::telldir(entries);
    ::closedir(entries);
    return removed;
}

} // namespace crosswake::backend
