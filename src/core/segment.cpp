#include <core/segment.hpp>

#include <backend/process.hpp>
#include <core/immortal.hpp>
#include <core/reactors.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <optional>

namespace crosswake::core {
namespace {

constexpr std::uint64_t magic = 0x316b'6177'7373'6f72; // "rosswak1"
constexpr std::uint32_t layout_version = 2;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t names_swept_per_creation = 8;

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t to) noexcept {
    return (n + to - 1) / to * to;
}

/// The segments that this process has mapped, by address.
struct address_map {
    std::mutex lock;
    std::map<const std::byte*, detail::segment*> by_start;
    /// Moves on whenever a segment goes: whoever remembers one looks here first.
    std::atomic<std::uint64_t> departures{1};

    static address_map& instance() noexcept { return immortal<address_map>(); }
};

/// The segment under construction in this thread: its wait words enter themselves in its list.
thread_local segment_layout* under_construction = nullptr;
thread_local std::size_t under_construction_bytes = 0;

class construction final : public backend::region::initialiser {
public:
    construction(const detail::shape& wanted, void (*construct)(void*, void*), void* context) noexcept
        : wanted_(wanted), construct_(construct), context_(context),
          object_offset_(round_up(sizeof(segment_layout), std::max<std::uint64_t>(wanted.alignment, 64))),
          crowd_offset_(round_up(object_offset_ + wanted.bytes, page_bytes)) {}

    [[nodiscard]] std::size_t reserved() const noexcept { return static_cast<std::size_t>(crowd_offset_); }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(crowd_offset_ + crowd_seats * sizeof(crowd_seat_layout));
    }

    void operator()(std::byte* bytes) override {
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

private:
    const detail::shape& wanted_;
    void (*construct_)(void*, void*);
    void* context_;
    std::uint64_t object_offset_;
    std::uint64_t crowd_offset_;
};

std::string_view kind_of(const segment_layout& s) noexcept {
    return {s.shape.kind, ::strnlen(s.shape.kind, sizeof s.shape.kind)};
}

/// Why the segment's bytes cannot be used at all; empty if they can.
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

/// What is different from what is wanted, in words that name both; empty if nothing is.
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

bool is_valid_name(std::string_view name) noexcept {
    const auto allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    return !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), allowed);
}

} // namespace
} // namespace crosswake::core

namespace crosswake::detail {

using namespace core;

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

void raise_about(const void* primitive, std::error_code code, const char* call) {
    const auto* const s = segment::holding(primitive);
    raise(code, s == nullptr ? std::string(call) : std::string(call) + " in " + '"' + s->name() + '"');
}

std::string quoted(std::string_view kind, std::string_view name) {
    return std::string(kind) + " \"" + std::string(name) + '"';
}

segment::segment(std::string name, std::unique_ptr<backend::region> region, const segment_layout& checked) noexcept
    : name_(std::move(name)), region_(std::move(region)), id_(checked.id), object_offset_(checked.object_offset),
      object_bytes_(checked.shape.bytes), crowd_offset_(checked.crowd_offset) {}

std::shared_ptr<segment> segment::enter(open_mode mode, std::string_view name, permissions who, const shape& wanted,
                                        void (*construct)(void* context, void* place), void* context) {
    const auto what = quoted(wanted.kind, name);
    if (!is_valid_name(name))
        raise(errc::invalid_name, what);
    constexpr auto most = std::numeric_limits<std::uint32_t>::max() * std::uint64_t{8}; // next_word counts in eights
    if (mode != open_mode::open && wanted.bytes > most)
        raise(errc::invalid_argument, what + ": larger than a segment can be");

    std::error_code error;
    std::unique_ptr<backend::region> region;
    bool created = false;
    for (;;) {
        if (mode != open_mode::create) {
            region = backend::region::open(name, who, error);
            if (region != nullptr)
                break;
            if (error != errc::not_found || mode == open_mode::open)
                raise(error, what);
        }
        backend::sweep_regions(names_swept_per_creation);
        construction c{wanted, construct, context};
        region = backend::region::create(name, c.bytes(), c.reserved(), who, c, error);
        created = region != nullptr;
        if (created)
            break;
        if (error != errc::already_exists || mode == open_mode::create)
            raise(error, what);
        // Lost the race against another creator: open what that one made.
    }

    if (region->size() < sizeof(segment_layout))
        raise(errc::corrupted, what + ": too small for an object of this library");
    // Checked and used from a copy: the bytes can change under the check.
    segment_layout checked;
    std::memcpy(static_cast<void*>(&checked), region->bytes(), offsetof(segment_layout, seats));
    if (const auto why = damage(checked, region->size(), wanted))
        raise(errc::corrupted, what + ": " + *why);
    if (const auto why = difference(checked, wanted))
        raise(errc::incompatible, what + ": " + *why);
    if (checked.shape.bytes < wanted.bytes)
        raise(errc::corrupted, what + ": smaller than what it says it is");

    std::shared_ptr<segment> s(new segment(std::string(name), std::move(region), checked));
    auto& map = address_map::instance();
    const std::scoped_lock guard(map.lock);
    map.by_start.emplace(s->region_->bytes(), s.get());
    return s;
}

segment::~segment() {
    auto& map = address_map::instance();
    const std::scoped_lock guard(map.lock);
    map.by_start.erase(region_->bytes());
    map.departures.fetch_add(1);
}

segment* segment::holding(const void* address) noexcept {
    // Threads come back to the same segment again and again.
    struct memory {
        std::uint64_t departures = 0;
        const std::byte* start = nullptr;
        std::size_t size = 0;
        segment* found = nullptr;
    };
    thread_local memory last;
    const auto* const at = static_cast<const std::byte*>(address);
    auto& map = address_map::instance();
    if (last.departures == map.departures.load(std::memory_order_relaxed) && at >= last.start &&
        at < last.start + last.size)
        return last.found;

    const std::scoped_lock guard(map.lock);
    auto it = map.by_start.upper_bound(at);
    if (it == map.by_start.begin())
        return nullptr;
    --it;
    auto* const found = it->second;
    if (at >= it->first + found->region_->size())
        return nullptr;
    last = {map.departures.load(std::memory_order_relaxed), it->first, found->region_->size(), found};
    return found;
}

std::shared_ptr<segment> segment::close_and_collect() noexcept {
    std::shared_ptr<segment> all; // let go of after the lock, which a segment takes when it goes
    auto& map = address_map::instance();
    const std::scoped_lock guard(map.lock);
    closed_.store(true);
    // Handles of one object have a mapping each, and the object's random number in common.
    for (const auto& [start, s] : map.by_start)
        if (s->id_ == id_ && !s->is_closed())
            return nullptr;
    for (const auto& [start, s] : map.by_start)
        if (s->id_ == id_)
            if (auto kept = s->weak_from_this().lock()) {
                kept->next_closed_ = std::move(all);
                all = std::move(kept);
            }
    return all;
}

void segment::hold_all_as(owner_token who) noexcept {
    auto& map = address_map::instance();
    const std::scoped_lock guard(map.lock);
    for (const auto& [start, s] : map.by_start)
        s->region_->hold_as(who);
}

void segment::lock_for_fork() noexcept {
    address_map::instance().lock.lock();
}

void segment::unlock_after_fork() noexcept {
    address_map::instance().lock.unlock();
}

note segment::note_of(const wait_word& word) const noexcept {
    // Neighbours in memory are neighbours here: whoever wakes, or serves, one after the other goes through memory in
    // order. Two words of 96 KiB never share a mark.
    const auto offset = static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&word) - region_->bytes());
    return static_cast<note>((id_ + offset / sizeof(wait_word)) % note_count);
}

seat_layout& segment::seat(std::size_t index) const noexcept {
    return index < private_seats ? layout().seats[index] : crowd_seat(index).seat;
}

crowd_seat_layout& segment::crowd_seat(std::size_t index) const noexcept {
    return reinterpret_cast<crowd_seat_layout*>(region_->bytes() + crowd_offset_)[index - private_seats];
}

/// The shared number is anybody's, and a page that nobody has set aside is a fault where memory is full.
std::error_code segment::set_aside_crowd(std::size_t seats) noexcept {
    if (seats <= crowd_set_aside_.load(std::memory_order_relaxed))
        return {};
    const auto bytes = round_up(seats * sizeof(crowd_seat_layout), page_bytes);
    if (auto error = region_->reserve(static_cast<std::size_t>(crowd_offset_), static_cast<std::size_t>(bytes)))
        return error;
    crowd_set_aside_.store(static_cast<std::size_t>(bytes / sizeof(crowd_seat_layout)), std::memory_order_relaxed);
    return {};
}

std::size_t segment::crowd_used() noexcept {
    const auto said = std::min<std::size_t>(layout().crowd_used.load(), crowd_seats);
    // Whoever cannot ask, for want of a descriptor, believes it: the crowd is to be looked at.
    return said != 0 && set_aside_crowd(said) == errc::no_space ? 0 : said;
}

std::error_code segment::open_crowd_seat(std::size_t index) noexcept {
    const auto place = index - private_seats;
    if (auto error = set_aside_crowd(place + 1))
        return error;
    auto now = layout().crowd_used.load();
    while (now <= place && !layout().crowd_used.compare_exchange_weak(now, static_cast<std::uint32_t>(place + 1))) {
    }
    return {};
}

std::shared_ptr<segment> enter_segment(open_mode mode, std::string_view name, permissions who, const shape& wanted,
                                       void (*construct)(void* context, void* place), void* context) {
    prepare_for_fork();
    return segment::enter(mode, name, who, wanted, construct, context);
}

void leave_segment(std::shared_ptr<segment> s) noexcept {
    s->close([](segment& mapping, bool was_last) { reactors::instance().handle_closed(mapping, was_last); });
}

void* object_of(const segment& s) noexcept {
    return s.object();
}

std::uint64_t object_bytes_of(const segment& s) noexcept {
    return s.object_bytes();
}

const std::string& name_of(const segment& s) noexcept {
    return s.name();
}

} // namespace crosswake::detail

std::size_t crosswake::sweep() {
    return backend::sweep_regions(std::numeric_limits<std::size_t>::max());
}
