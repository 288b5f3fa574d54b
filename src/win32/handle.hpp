// A handle that closes itself.
#pragma once

#include <win32/windows.hpp>

#include <utility>

namespace crosswake::win32 {

class handle {
public:
    handle() noexcept = default;
    explicit handle(HANDLE h) noexcept : handle_(h == INVALID_HANDLE_VALUE ? nullptr : h) {}
    handle(handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    handle& operator=(handle&& other) noexcept {
        if (this != &other)
            reset(std::exchange(other.handle_, nullptr));
        return *this;
    }
    ~handle() { reset(); }

    [[nodiscard]] HANDLE get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    void reset(HANDLE h = nullptr) noexcept {
        if (handle_ != nullptr)
            ::CloseHandle(handle_);
        handle_ = h;
    }

private:
    HANDLE handle_ = nullptr;
};

[[nodiscard]] inline bool is_signalled(const handle& h) noexcept {
    return ::WaitForSingleObject(h.get(), 0) == WAIT_OBJECT_0;
}

} // namespace crosswake::win32
