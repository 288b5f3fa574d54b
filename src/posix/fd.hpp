// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace crosswake::posix {

class fd {
public:
    fd() noexcept = default;
    explicit fd(int number) noexcept : number_(number) {}
    fd(fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    fd& operator=(fd&& other) noexcept {
        if (this != &other)
            reset(std::exchange(other.number_, -1));
        return *this;
    }
    ~fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }
    void reset(int number = -1) noexcept {
        if (number_ >= 0)
            ::close(number_);
        number_ = number;
    }

private:
    int number_ = -1;
};

} // namespace crosswake::posix
