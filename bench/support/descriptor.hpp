// File descriptors that close themselves, and calls that take no half answers.
#pragma once

#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace bench {

class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int fd) : fd_(fd) {
        if (fd < 0)
            throw std::runtime_error("no descriptor left");
    }
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }

    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_ = -1;
};

inline void write_all(int fd, const void* from, std::size_t bytes) {
    for (const auto* at = static_cast<const std::byte*>(from); bytes != 0;) {
        const auto n = write(fd, at, bytes);
        if (n <= 0)
            throw std::runtime_error("cannot write");
        at += n;
        bytes -= static_cast<std::size_t>(n);
    }
}

inline void read_all(int fd, void* to, std::size_t bytes) {
    for (auto* at = static_cast<std::byte*>(to); bytes != 0;) {
        const auto n = read(fd, at, bytes);
        if (n <= 0)
            throw std::runtime_error("cannot read");
        at += n;
        bytes -= static_cast<std::size_t>(n);
    }
}

/// As many whole ones as come in one go.
template <std::size_t Size, class Message>
std::size_t read_some(int fd, std::span<Message> room) {
    const auto n = read(fd, room.data(), room.size_bytes());
    if (n <= 0)
        throw std::runtime_error("cannot read");
    const auto got = static_cast<std::size_t>(n);
    const auto torn = got % Size;
    if (torn != 0)
        read_all(fd, reinterpret_cast<std::byte*>(room.data()) + got, Size - torn);
    return (got + Size - 1) / Size;
}

} // namespace bench
