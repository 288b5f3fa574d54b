#include <core/segment.hpp>

#include <core/immortal.hpp>
#include <core/reactors.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

namespace crosswake::core {
namespace {

constexpr std::size_t names_swept_per_creation = 8;

/// The segments that this process has mapped, by address.
struct address_map {
    std::mutex lock;
    std::map<const std::byte*, detail::segment*> by_start;
    /// Moves on whenever a segment goes: whoever remembers one looks here first.
    std::atomic<std::uint64_t> departures{1};

    static address_map& instance() noexcept { return immortal<address_map>(); }
};

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
        if (error == std::errc::device_or_resource_busy)
            raise(error, what + ": a process that is stopped is about to remove what a dead one left");
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

bool segment::hold_all_as(owner_token who) noexcept {
    auto& map = address_map::instance();
    const std::scoped_lock guard(map.lock);
    bool are_held = true;
    for (const auto& [start, s] : map.by_start)
        are_held = s->region_->hold_as(who) && are_held;
    return are_held;
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
