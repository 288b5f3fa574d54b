// A region as Windows has it: a section backed by the page file, mapped whole.
//
//     | header | the core's bytes … | thread seats |
//
// The header is the backend's share of the region's first bytes. The seats are where blocked threads sit; the core does
// not know of them.
#pragma once

#include <backend/process.hpp>
#include <backend/region.hpp>
#include <win32/handle.hpp>
#include <win32/thread_seat.hpp>
#include <win32/view.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace crosswake::win32 {

struct section_header {
    std::uint64_t core_bytes;
    std::uint64_t who; // the permissions with which it was made
    detail::atomic<std::uint64_t> next_ticket;
    detail::atomic<std::uint32_t> seats_used; // how many of the thread seats were ever taken
    std::uint32_t reserved;
};
static_assert(sizeof(section_header) <= backend::region::backend_bytes);

class region_section final : public backend::region {
public:
    /// What keeps a region and its name alive. The directory goes last: were the name free while the section is still
    /// in use, there could be two regions of that name.
    struct holds {
        handle directory;
        handle section;
        handle hold;
    };

    region_section(view v, std::size_t core_bytes, permissions who, std::uint64_t id, holds h) noexcept
        : region(v.bytes(), core_bytes), holds_(std::move(h)), view_(std::move(v)), who_(who), id_(id) {}

    // All of it is committed when the section is made.
    std::error_code reserve(std::size_t, std::size_t) noexcept override { return {}; }
    bool ring() noexcept override { return false; }
    bool hold_as(detail::owner_token) noexcept override { return true; }

    [[nodiscard]] backend::life is_held_by(detail::owner_token who) const noexcept;

    /// With which permissions it was made: what its sleepers' events are made with.
    [[nodiscard]] permissions who() const noexcept { return who_; }
    [[nodiscard]] section_header& header() const noexcept { return *reinterpret_cast<section_header*>(bytes()); }
    [[nodiscard]] thread_seat* seats() const noexcept {
        return reinterpret_cast<thread_seat*>(bytes() + seats_offset(size()));
    }

    static constexpr std::size_t seats_offset(std::size_t core_bytes) noexcept { return (core_bytes + 63) / 64 * 64; }
    static constexpr std::size_t all_bytes(std::size_t core_bytes) noexcept {
        return seats_offset(core_bytes) + thread_seats * sizeof(thread_seat);
    }

private:
    holds holds_;
    view view_;
    permissions who_;
    std::uint64_t id_;
};

} // namespace crosswake::win32
