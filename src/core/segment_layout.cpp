#include <core/segment_layout.hpp>

#include <backend/process.hpp>
#include <crosswake/detail/wait_word.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>

namespace crosswake::core {
namespace {

constexpr std::uint64_t magic = 0x316b'6177'7373'6f72; // "rosswak1"
constexpr std::uint32_t layout_version = 2;

/// The segment under construction in this thread: its wait words enter themselves in its list.
thread_local segment_layout* under_construction = nullptr;
thread_local std::size_t under_construction_bytes = 0;

std::string_view kind_of(const segment_layout& s) noexcept {
    return {s.shape.kind, ::strnlen(s.shape.kind, sizeof s.shape.kind)};
}

} // namespace

construction::construction(const detail::shape& wanted, void (*construct)(void*, void*), void* context) noexcept
    : wanted_(wanted), construct_(construct), context_(context),
      object_offset_(round_up(sizeof(segment_layout), std::max<std::uint64_t>(wanted.alignment, 64))),
      crowd_offset_(round_up(object_offset_ + wanted.bytes, page_bytes)) {}

void construction::operator()(std::byte* bytes) {
    auto& s = *::new (bytes) segment_layout{};
    s.magic = magic;
    s.version = layout_version;
    s.header_bytes = sizeof(segment_layout);
    s.id = backend::random_number();
    std::memcpy(s.shape.kind, wanted_.kind.data(), std::min(wanted_.kind.size(), sizeof s.shape.kind - 1));
    s.shape.unit_size = wanted_.unit_size;
    s.shape.unit_alignment = wanted_.unit_alignment;
    s.shape.bytes = wanted_.bytes;
    for (std::size_t i = 0; i < std::size(wanted_.parameters); ++i)
        s.shape.parameters[i] = wanted_.parameters[i].value;
    s.object_offset = object_offset_;
    s.crowd_offset = crowd_offset_;

    // Put back afterwards: the constructor may itself make a named object.
    struct scope {
        segment_layout* outer = under_construction;
        std::size_t outer_bytes = under_construction_bytes;
        scope(segment_layout* s, std::size_t n) noexcept {
            under_construction = s;
            under_construction_bytes = n;
        }
        ~scope() {
            under_construction = outer;
            under_construction_bytes = outer_bytes;
        }
    } const inside(&s, reserved());
    construct_(context_, bytes + object_offset_);
}

std::optional<std::string> damage(const segment_layout& s, std::size_t bytes, const detail::shape& wanted) {
    if (s.magic != magic)
        return "not an object of this library";
    if (s.version != layout_version)
        return std::nullopt; // then nothing else is where it is looked for; difference() says so
    if (s.header_bytes != sizeof(segment_layout) || s.object_offset < sizeof(segment_layout) ||
        s.object_offset > bytes || s.shape.bytes > bytes - s.object_offset || s.crowd_offset > bytes ||
        s.crowd_offset < s.object_offset + s.shape.bytes ||
        bytes - s.crowd_offset < crowd_seats * sizeof(crowd_seat_layout) ||
        s.object_offset % std::max<std::uint64_t>(wanted.alignment, 64) != 0 || s.crowd_offset % page_bytes != 0)
        return "its header contradicts its size";
    return std::nullopt;
}

std::optional<std::string> difference(const segment_layout& s, const detail::shape& wanted) {
    const auto differs = [](std::string_view what, auto has, auto want) {
        return "its " + std::string(what) + " is " + std::to_string(has) + ", not " + std::to_string(want);
    };
    if (s.version != layout_version)
        return differs("layout version", s.version, layout_version);
    if (kind_of(s) != wanted.kind.substr(0, sizeof s.shape.kind - 1))
        return "its kind is " + std::string(kind_of(s)) + ", not " + std::string(wanted.kind);
    if (s.shape.unit_size != wanted.unit_size)
        return differs("size (of an item, if it is a queue)", s.shape.unit_size, wanted.unit_size);
    if (s.shape.unit_alignment != wanted.unit_alignment)
        return differs("alignment", s.shape.unit_alignment, wanted.unit_alignment);
    if (wanted.parameters_count)
        for (std::size_t i = 0; i < std::size(wanted.parameters); ++i)
            if (s.shape.parameters[i] != wanted.parameters[i].value)
                return differs(wanted.parameters[i].name, s.shape.parameters[i], wanted.parameters[i].value);
    return std::nullopt;
}

} // namespace crosswake::core

namespace crosswake::detail {

using core::under_construction;
using core::under_construction_bytes;

wait_word::wait_word() noexcept {
    if (under_construction == nullptr)
        return;
    const auto* const start = reinterpret_cast<const std::byte*>(under_construction);
    const auto* const me = reinterpret_cast<const std::byte*>(this);
    // A temporary that the constructor makes on its stack is no part of the object.
    if (me < start || me >= start + under_construction_bytes)
        return;
    next_word = under_construction->first_word;
    under_construction->first_word = static_cast<std::uint32_t>((me - start) / 8);
}

} // namespace crosswake::detail
