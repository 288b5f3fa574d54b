// A mapping of a section that unmaps itself.
#pragma once

#include <win32/handle.hpp>

#include <cstddef>
#include <utility>

namespace crosswake::win32 {

class view {
public:
    view() noexcept = default;
    /// Maps the whole section.
    view(const handle& section, DWORD access) noexcept
        : at_(static_cast<std::byte*>(::MapViewOfFile(section.get(), access, 0, 0, 0))) {}
    view(view&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    view& operator=(view&& other) noexcept {
        std::swap(at_, other.at_);
        return *this;
    }
    ~view() {
        if (at_ != nullptr)
            ::UnmapViewOfFile(at_);
    }

    [[nodiscard]] std::byte* bytes() const noexcept { return at_; }
    explicit operator bool() const noexcept { return at_ != nullptr; }

    /// As the system knows it: whole pages, from the first one on, that may be touched. Some other maker's section may
    /// have none.
    [[nodiscard]] std::size_t size() const noexcept {
        MEMORY_BASIC_INFORMATION about{};
        const bool is_known = ::VirtualQuery(at_, &about, sizeof about) == sizeof about;
        return is_known && about.State == MEM_COMMIT ? about.RegionSize : 0;
    }

private:
    std::byte* at_ = nullptr;
};

} // namespace crosswake::win32
