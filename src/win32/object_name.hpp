// The names of the kernel objects of a session.
//
// A user's name comes after "crosswake." and has no colon in it, so it is never one of ours, which come after
// "crosswake:". What is found by a number that lies in shared memory bears that number in its name.
#pragma once

#include <crosswake/detail/owner.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace crosswake::win32 {

class object_name {
public:
    /// The directory of a region.
    static object_name of_directory(std::string_view name) noexcept { return object_name('.', name, {}); }
    /// The section in which a region's bytes are.
    static object_name of_section(std::uint64_t id) noexcept { return object_name(':', "section", {id}); }
    /// What a process has as long as it has the region open.
    static object_name of_hold(std::uint64_t section, detail::owner_token who) noexcept {
        return object_name(':', "hold", {section, who});
    }
    /// What wakes a blocked thread.
    static object_name of_sleeper(detail::owner_token who, std::uint64_t id) noexcept {
        return object_name(':', "sleeper", {who, id});
    }
    static object_name of_bell(detail::owner_token who, std::uint64_t address) noexcept {
        return object_name(':', "bell", {who, address});
    }
    static object_name of_mailbox(detail::owner_token who, std::uint64_t address) noexcept {
        return object_name(':', "mailbox", {who, address});
    }

    [[nodiscard]] const wchar_t* get() const noexcept { return text_; }

private:
    object_name(char separator, std::string_view name, std::initializer_list<std::uint64_t> numbers) noexcept {
        append("Local\\crosswake");
        append({&separator, 1});
        append(name);
        for (const auto n : numbers) {
            append(":");
            append_hex(n);
        }
    }

    void append(std::string_view text) noexcept {
        for (const char c : text)
            if (length_ < most)
                text_[length_++] = static_cast<wchar_t>(c);
    }
    void append_hex(std::uint64_t n) noexcept {
        for (int shift = 60; shift >= 0; shift -= 4)
            append({&"0123456789abcdef"[(n >> shift) & 15], 1});
    }

    static constexpr std::size_t most = 255; // a user's name has at most 200 characters
    wchar_t text_[most + 1]{};
    std::size_t length_ = 0;
};

} // namespace crosswake::win32
