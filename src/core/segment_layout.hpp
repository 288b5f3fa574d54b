// The bytes of a segment: one shared object with what is needed to wait in it.
//
//     | backend's bytes | header | seats 0-62 |  object …  |  crowd: seats 63-4158 |
//
// The crowd's pages are set aside only when somebody sits there. docs/memory-layout.md has the bytes.
#pragma once

#include <backend/region.hpp>
#include <crosswake/detail/atomic.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/shape.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace crosswake::core {

inline constexpr std::size_t private_seats = 63;
inline constexpr std::size_t crowd_seats = 4096;
inline constexpr std::size_t all_seats = private_seats + crowd_seats;
inline constexpr std::uint64_t crowd_bit = std::uint64_t{1} << 63;
inline constexpr std::size_t page_bytes = 4096;

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t to) noexcept {
    return (n + to - 1) / to * to;
}

/// The owner is nobody, or the process whose reactor sits here, or one that is clearing up after a dead one.
/// bell: bit 0 live, bits 1-63 the bell's address in its process.
struct seat_layout {
    detail::atomic<detail::owner_token> owner;
    detail::atomic<std::uint64_t> bell;
};

/// The crowd's members share one bit in a wait word, so the seat says which words its owner awaits: three by their
/// places (offsets in units of 8 bytes; 0: none), and of how many more it knows no name.
struct crowd_seat_layout {
    seat_layout seat;
    detail::atomic<std::uint32_t> named[3];
    detail::atomic<std::uint32_t> unnamed;
};
static_assert(sizeof(crowd_seat_layout) == 32 && alignof(crowd_seat_layout) == 8);

struct shape_layout {
    char kind[56];
    std::uint64_t unit_size;
    std::uint64_t unit_alignment;
    std::uint64_t bytes;
    std::uint64_t parameters[2];
};

struct segment_layout {
    std::byte backend[backend::region::backend_bytes];
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint64_t id; // random: part of the notes, so that the same offset in two segments has two marks
    shape_layout shape;
    std::uint64_t object_offset;
    std::uint64_t crowd_offset;
    std::uint32_t first_word; // of the list of wait words, in units of 8 bytes; written by the creator alone
    detail::atomic<std::uint32_t> crowd_used; // how many crowd seats were ever taken
    seat_layout seats[private_seats];
};
static_assert(sizeof(segment_layout) == 1216 && alignof(segment_layout) == 8);

/// Makes a segment around a new object, which construct(context, place) makes.
class construction final : public backend::region::initialiser {
public:
    construction(const detail::shape& wanted, void (*construct)(void*, void*), void* context) noexcept;

    [[nodiscard]] std::size_t reserved() const noexcept { return static_cast<std::size_t>(crowd_offset_); }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(crowd_offset_ + crowd_seats * sizeof(crowd_seat_layout));
    }
    void operator()(std::byte* bytes) override;

private:
    const detail::shape& wanted_;
    void (*construct_)(void*, void*);
    void* context_;
    std::uint64_t object_offset_;
    std::uint64_t crowd_offset_;
};

/// Why the segment's bytes cannot be used at all; empty if they can.
std::optional<std::string> damage(const segment_layout& s, std::size_t bytes, const detail::shape& wanted);
/// What is different from what is wanted, in words that name both; empty if nothing is.
std::optional<std::string> difference(const segment_layout& s, const detail::shape& wanted);

} // namespace crosswake::core
