// Bells as pipes, mailboxes as memfds; peers reach both through /proc/<pid>/fd.
//
// Nothing of a bell has a name in a file system, so a kill leaves nothing behind. Where /proc does not let a peer in
// (another user, another PID namespace, a process that is not dumpable), the ring goes through the segment: whoever
// rings sets the times of its file, and every bell has inotify watch the segments that its reactor sits in. By the same
// watch it hears of everybody who leaves one of them, or dies: who holds a region can write its file, and its last
// mapping is closed then.
#include <backend/bell.hpp>
#include <backend/clock.hpp>
#include <backend/process.hpp>

#include <posix/fd.hpp>
#include <posix/mailbox_page.hpp>
#include <posix/proc.hpp>
#include <posix/region_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

namespace crosswake::backend {

using namespace posix;

namespace {

/// What inotify says when somebody's last mapping of a region's file is gone.
constexpr std::uint32_t departure = IN_CLOSE_WRITE;

/// Most kernels wake a pipe's watchers at each write, some (5.5 to 5.13) only at the first one into an empty pipe.
bool each_write_is_an_edge() noexcept {
    int ends[2];
    const fd loop(::epoll_create1(EPOLL_CLOEXEC));
    if (!loop || ::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    const fd reading(ends[0]);
    const fd writing(ends[1]);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (::epoll_ctl(loop.get(), EPOLL_CTL_ADD, reading.get(), &event) != 0)
        return false;
    for (int i = 0; i < 2; ++i)
        if (::write(writing.get(), "", 1) != 1 || ::epoll_wait(loop.get(), &event, 1, 0) != 1)
            return false;
    return true;
}

std::error_code last_error() noexcept {
    return {errno, std::system_category()};
}

class pipe_bell final : public bell {
public:
    static std::unique_ptr<bell> make(std::error_code& error) {
        auto b = std::unique_ptr<pipe_bell>(new pipe_bell);
        int ends[2];
        if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
            error = last_error();
            return nullptr;
        }
        b->reading_ = fd(ends[0]);
        // Its own writing end stays open: without any, the reading end would report the hang-up for ever.
        b->writing_ = fd(ends[1]);
        b->memory_ = fd(::memfd_create("crosswake.mailbox", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        struct stat pipe_identity {};
        if (!b->memory_ || ::ftruncate(b->memory_.get(), mailbox_page::bytes) != 0 ||
            ::fcntl(b->memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0 ||
            ::fstat(b->writing_.get(), &pipe_identity) != 0) {
            error = last_error();
            return nullptr;
        }
        b->page_ = std::make_shared<mailbox_page>(b->memory_);
        if (!*b->page_) {
            error.assign(ENOMEM, std::system_category());
            return nullptr;
        }
        b->address_ = address_of(b->memory_.get(), random_number());
        b->page_->header() = {.magic = mailbox_header::right_magic,
                              .owner = detail::this_process(),
                              .address = b->address(),
                              .pipe_inode = pipe_identity.st_ino,
                              .pipe = b->writing_.get()};
        b->handles_.push_back(native_handle{b->reading_.get()});
        // Without inotify (there is a limit per user) only the fallback is lost, without epoll that and promptness.
        b->rare_ = fd(::epoll_create1(EPOLL_CLOEXEC));
        if (b->rare_) {
            b->handles_.push_back(native_handle{b->rare_.get()});
            b->watch_ = fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        }
        if (!b->watch_ || !b->hear_rarely(b->watch_)) {
            if (forced_mechanism() == forced::segment) { // then it would be deaf
                error = last_error();
                return nullptr;
            }
            b->watch_.reset(); // whoever listens to a region is to be told that it would not hear
        }
        return b;
    }

    [[nodiscard]] std::unique_ptr<peer_bell> ringer(std::error_code& error) const override {
        fd pipe(::fcntl(writing_.get(), F_DUPFD_CLOEXEC, 0));
        error = pipe ? std::error_code{} : last_error();
        return pipe ? ringer_of(std::move(pipe), page_) : nullptr;
    }

    [[nodiscard]] bell_address address() const noexcept override { return address_; }
    [[nodiscard]] std::byte* mailbox() const noexcept override { return page_->notes(); }
    [[nodiscard]] std::span<const native_handle> handles() const noexcept override { return handles_; }

    [[nodiscard]] bool rings_are_edges() const noexcept override {
        static const bool known = each_write_is_an_edge();
        return known;
    }
    [[nodiscard]] unsigned rings_before_silence() const noexcept override {
        // A ring is a byte, or a few from ringers that came at the same moment. A pipe has 64 KiB as a rule, and one
        // page or two where the user has very many.
        const int room = ::fcntl(writing_.get(), F_GETPIPE_SZ);
        return room > 256 ? static_cast<unsigned>(room) / 256 : 1;
    }

    heard silence() noexcept override {
        char sink[64];
        while (::read(reading_.get(), sink, sizeof sink) == sizeof sink) {
        }
        return rare_ ? silence_rare() : heard::nothing_special;
    }

    std::error_code listen(const region& r) noexcept override try {
        if (!watch_)
            return std::make_error_code(std::errc::not_supported);
        watched_.reserve(watched_.size() + 1);
        const fd file = static_cast<const region_file&>(r).reopen();
        if (!file)
            return last_error();
        char path[40];
        std::snprintf(path, sizeof path, "/proc/self/fd/%d", file.get());
        constexpr std::uint32_t news = IN_ATTRIB | IN_MODIFY | departure;
        int w = ::inotify_add_watch(watch_.get(), path, news);
        if (w < 0) // without /proc; the name is the file's while somebody has it mapped
            w = ::inotify_add_watch(watch_.get(), static_cast<const region_file&>(r).path(), news);
        if (w < 0)
            return last_error();
        watched_.emplace_back(&r, w);
        return {};
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    }

    void stop_listening(const region& r) noexcept override {
        const auto it = std::find_if(watched_.begin(), watched_.end(), [&r](const auto& w) { return w.first == &r; });
        if (it == watched_.end())
            return;
        const int watch = it->second;
        watched_.erase(it);
        // Two mappings of one file share a watch.
        if (std::none_of(watched_.begin(), watched_.end(), [watch](const auto& w) { return w.second == watch; }))
            ::inotify_rm_watch(watch_.get(), watch);
    }

    bool await_ring(deadline until) noexcept override {
        pollfd watched[2]{{reading_.get(), POLLIN, 0}, {rare_.get(), POLLIN, 0}}; // poll passes over a handle of -1
        const auto left = std::max<std::int64_t>(until.steady_ns() - steady_ns(), 0);
        timespec timeout{};
        timeout.tv_sec = static_cast<std::time_t>(left / 1'000'000'000);
        timeout.tv_nsec = static_cast<long>(left % 1'000'000'000);
        return ::ppoll(watched, 2, until.is_never() ? nullptr : &timeout, nullptr) >= 0 || errno == EINTR;
    }

    bool listen_for_death_of(detail::owner_token who) noexcept override try {
        auto& m = mourned_[who];
        if (m.listeners++ != 0)
            return m.is_heard;
        if (!rare_ || unpack(who).pid_namespace != unpack(detail::this_process()).pid_namespace)
            return false;
        m.handle = fd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(unpack(who).pid), 0)));
        // The number may be another process's by now, whose death would be no news. If it is the right one's now, it
        // was when the handle was opened.
        m.is_heard = m.handle && hear_rarely(m.handle) && has_its_number(unpack(who));
        return m.is_heard;
    } catch (const std::bad_alloc&) {
        return false;
    }

    void stop_listening_for_death_of(detail::owner_token who) noexcept override {
        if (const auto it = mourned_.find(who); it != mourned_.end() && --it->second.listeners == 0)
            mourned_.erase(it); // closing the handle takes it out of the epoll
    }

    void abandon() noexcept override {
        reading_.reset();
        writing_.reset();
        rare_.reset();
        watch_.reset();
        memory_.reset();
        mourned_.clear();
    }

private:
    struct mourned {
        fd handle; // a pidfd: readable once the process has died
        bool is_heard = false;
        std::size_t listeners = 0;
    };

    pipe_bell() = default;

    bool hear_rarely(const fd& handle) noexcept {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = handle.get();
        return ::epoll_ctl(rare_.get(), EPOLL_CTL_ADD, handle.get(), &event) == 0;
    }

    heard silence_rare() noexcept {
        auto result = heard::nothing_special;
        epoll_event events[16];
        const int n = ::epoll_wait(rare_.get(), events, 16, 0);
        if (n < 0)
            return heard::a_region; // perhaps
        for (int i = 0; i < n; ++i) {
            if (events[i].data.fd != watch_.get()) {
                // It stays readable for ever: heard once is enough.
                ::epoll_ctl(rare_.get(), EPOLL_CTL_DEL, events[i].data.fd, nullptr);
                result = result == heard::a_departure ? result : heard::a_death;
                continue;
            }
            // Which region it was does not matter: everything is looked at.
            const bool left = somebody_left();
            if (result == heard::nothing_special || left)
                result = left ? heard::a_departure : heard::a_region;
        }
        return result;
    }

    /// Takes all that inotify has to say.
    bool somebody_left() noexcept {
        bool left = false;
        alignas(inotify_event) std::array<char, 1024> news;
        for (ssize_t n = 0; (n = ::read(watch_.get(), news.data(), news.size())) > 0;)
            for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(n);) {
                inotify_event e;
                std::memcpy(&e, &news[at], sizeof e);
                left = left || (e.mask & (departure | IN_Q_OVERFLOW)) != 0;
                at += sizeof e + e.len;
            }
        return left;
    }

    fd reading_;
    fd writing_;
    fd memory_;
    bell_address address_ = 0;
    fd rare_;  // an epoll around what seldom moves: the next one, and the pidfds
    fd watch_; // inotify
    std::map<detail::owner_token, mourned> mourned_;
    std::shared_ptr<mailbox_page> page_;
    std::vector<native_handle> handles_;
    std::vector<std::pair<const region*, int>> watched_;
};

} // namespace

std::unique_ptr<bell> bell::make(std::error_code& error) {
    error.clear();
    return pipe_bell::make(error);
}

forced forced_mechanism() noexcept {
    static const forced choice = [] {
        const char* const text = std::getenv("CROSSWAKE_BELL");
        const std::string_view wish(text == nullptr ? "" : text);
        if (wish == "pipe" || wish == "direct")
            return forced::direct;
        if (wish == "inotify" || wish == "segment")
            return forced::segment;
        return wish.empty() ? forced::no : forced::unknown;
    }();
    return choice;
}

} // namespace crosswake::backend
