// What the kernel hands over through descriptors: eventfd, pipe, unix socket, POSIX message queue.
#include <peers/roles.hpp>
#include <support/descriptor.hpp>
#include <support/fresh_name.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

#include <fcntl.h>
#include <mqueue.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace bench::peer_descriptors {
namespace {

class eventfd_signal {
public:
    void post() const { write_all(fd_.get(), &one_, sizeof one_); }
    void wait() const {
        std::uint64_t value = 0;
        read_all(fd_.get(), &value, sizeof value);
    }

private:
    std::uint64_t one_ = 1;
    descriptor fd_{eventfd(0, EFD_SEMAPHORE)};
};

/// Several producers or consumers share an end: a write of more than 4 KiB may be torn apart.
void refuse_to_tear(const traffic& t, std::size_t size) {
    if (size > 4096 && (t.producers > 1 || t.consumers > 1))
        throw cannot("messages of several would mingle");
}

template <std::size_t Size>
class pipe_channel {
public:
    explicit pipe_channel(const traffic& t) {
        refuse_to_tear(t, Size);
        int ends[2];
        if (pipe(ends) != 0)
            throw std::runtime_error("pipe");
        out_ = descriptor(ends[0]);
        in_ = descriptor(ends[1]);
        fcntl(in_.get(), F_SETPIPE_SZ, 1 << 20);
    }
    void send(const message<Size>& m) { write_all(in_.get(), &m, Size); }
    void receive(message<Size>& m) { read_all(out_.get(), &m, Size); }
    void send_all(std::span<const message<Size>> all) { write_all(in_.get(), all.data(), all.size_bytes()); }
    std::size_t receive_some(std::span<message<Size>> room) { return read_some<Size>(out_.get(), room); }

private:
    descriptor in_;
    descriptor out_;
};

template <std::size_t Size>
class socket_channel {
public:
    explicit socket_channel(const traffic& t) {
        refuse_to_tear(t, Size);
        int ends[2];
        if (socketpair(AF_UNIX, Size <= 4096 ? SOCK_SEQPACKET : SOCK_STREAM, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        out_ = descriptor(ends[0]);
        in_ = descriptor(ends[1]);
    }
    void send(const message<Size>& m) { write_all(in_.get(), &m, Size); }
    void receive(message<Size>& m) { read_all(out_.get(), &m, Size); }

private:
    descriptor in_;
    descriptor out_;
};

template <std::size_t Size>
class mqueue_channel {
public:
    explicit mqueue_channel(const traffic& t) {
        const rlimit plenty{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_MSGQUEUE, &plenty);
        mq_attr how{};
        how.mq_msgsize = Size;
        const auto name = fmt::format("/{}", fresh_name());
        // As long as asked for if this user may, else the ten that everybody may have.
        for (const auto slots : {t.slots, std::size_t{10}}) {
            how.mq_maxmsg = static_cast<long>(std::min<std::size_t>(slots, 65'536));
            queue_ = mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, &how);
            if (queue_ >= 0)
                break;
        }
        if (queue_ < 0)
            throw cannot("no message queue of this size here");
        mq_unlink(name.c_str());
    }
    mqueue_channel(const mqueue_channel&) = delete;
    mqueue_channel& operator=(const mqueue_channel&) = delete;
    ~mqueue_channel() { mq_close(queue_); }

    void send(const message<Size>& m) {
        if (mq_send(queue_, reinterpret_cast<const char*>(&m), Size, 0) != 0)
            throw std::runtime_error("mq_send");
    }
    void receive(message<Size>& m) {
        if (mq_receive(queue_, reinterpret_cast<char*>(&m), Size, nullptr) < 0)
            throw std::runtime_error("mq_receive");
    }

private:
    mqd_t queue_ = -1;
};

/// A channel of the smallest messages makes a signal.
template <template <std::size_t Size> class Channel>
class as_signal {
public:
    void post() { channel_.send({}); }
    void wait() {
        message<8> m;
        channel_.receive(m);
    }

private:
    Channel<8> channel_{traffic{.slots = 10}};
};

const bool known = [] {
    add_counting_signal<eventfd_signal>("eventfd");
    add_signal<as_signal<pipe_channel>>("pipe");
    add_signal<as_signal<socket_channel>>("unix socket");
    add_signal<as_signal<mqueue_channel>>("POSIX mq");
    add_shared_channel<pipe_channel>("pipe");
    add_shared_channel<socket_channel>("unix socket");
    add_shared_channel<mqueue_channel>("POSIX mq");
    return true;
}();

} // namespace
} // namespace bench::peer_descriptors
