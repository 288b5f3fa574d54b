// Objects in shared memory, by name.
//
// A name stands for at most one live object. The object lives while some process has it open, and goes when the last
// one closes it or dies; what the dead leave behind is swept by those who come later. Nothing has to be removed by
// hand.
#pragma once

#include <crosswake/detail/export.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crosswake {

struct create_only_t {
    explicit create_only_t() = default;
};
struct open_only_t {
    explicit open_only_t() = default;
};
struct open_or_create_t {
    explicit open_or_create_t() = default;
};
inline constexpr create_only_t create_only{};
inline constexpr open_only_t open_only{};
inline constexpr open_or_create_t open_or_create{};

/// Who may use an object that is created, and whose objects are accepted when one is opened. An object of another user
/// is refused (errc::permission_denied) unless more than this_user is asked for, since whoever can write its bytes can
/// keep you waiting.
enum class permissions : unsigned char { this_user, group, everyone };

/// Removes what dead processes left of this user's objects, and returns how many it removed. Each creation does a
/// bounded share of this by itself; nobody needs to call it.
CROSSWAKE_EXPORT std::size_t sweep();

namespace detail {

class segment;

enum class open_mode : unsigned char { create, open, open_or_create };

/// The segment of `name`, made or opened; throws. `construct` is called with the object's place in a new segment,
/// before anybody else can see it.
CROSSWAKE_EXPORT std::shared_ptr<segment> enter_segment(open_mode mode, std::string_view name, permissions who,
                                                        const shape& wanted,
                                                        void (*construct)(void* context, void* place), void* context);
/// One handle less; the last one in this process aborts what still waits in the segment.
CROSSWAKE_EXPORT void leave_segment(std::shared_ptr<segment> s) noexcept;
CROSSWAKE_EXPORT void* object_of(const segment& s) noexcept;
CROSSWAKE_EXPORT std::uint64_t object_bytes_of(const segment& s) noexcept;
CROSSWAKE_EXPORT const std::string& name_of(const segment& s) noexcept;
/// `queue "jobs"`: what error texts begin with.
CROSSWAKE_EXPORT std::string quoted(std::string_view kind, std::string_view name);

} // namespace detail

/// A handle on a T in shared memory. T is one of this library's primitives, or a struct of yours: trivially
/// destructible, without addresses inside, and with primitives as members if you like.
///
///     named<queue<job>> jobs{open_or_create, "jobs", 1024};
///     named<mutex>      door{open_only, "door"};
///     named<board>      b{create_only, "board", permissions::group};
///
/// The arguments after the name (and after permissions, if given) are those of T's constructor; they are used by
/// whoever creates. What is fixed for the object's life (kind, size, layout version, capacity, maximum, reset mode)
/// has to match when an existing one is opened; open_only without such arguments leaves the last three to the object.
/// T's destructor never runs.
///
/// Throws std::system_error: not_found, already_exists, incompatible, permission_denied, invalid_name,
/// invalid_argument, no_space, corrupted, or the system's own code; the text names the object. Nothing half-made
/// stays behind. Whatever bears the name and is open nowhere is what a dead process left, of whichever length and
/// version: it is not_found, and gives way to who creates. What is open somewhere is alive, and corrupted if it is cut
/// short, or empty. Waits for nobody, but for a process that is just removing what a dead one left: if that has been
/// stopped there, who wants to create is told after a second (std::errc::device_or_resource_busy).
///
/// Movable. Closing (the destructor) aborts what this process still awaits in the object, if this was its last
/// handle; threads that are blocked in it must be gone by then. A forked child may use the handles that it inherits,
/// and closing them there takes nothing from the parent. Distinct handles may be used by distinct threads; the object
/// is as thread-safe as T.
template <class T>
class named {
    using placement = detail::placement<T>;

public:
    template <class... Args>
    named(create_only_t, std::string_view name, const Args&... args)
        : named(detail::open_mode::create, name, split(args...)) {}
    template <class... Args>
    named(open_only_t, std::string_view name, const Args&... args)
        : named(detail::open_mode::open, name, split(args...)) {}
    template <class... Args>
    named(open_or_create_t, std::string_view name, const Args&... args)
        : named(detail::open_mode::open_or_create, name, split(args...)) {}

    named(named&& other) noexcept : segment_(std::move(other.segment_)), view_(std::move(other.view_)) {}
    named& operator=(named&& other) noexcept {
        if (this != &other) {
            close();
            segment_ = std::move(other.segment_);
            view_ = std::move(other.view_);
        }
        return *this;
    }
    ~named() { close(); }

    [[nodiscard]] T& operator*() const noexcept { return *placement::pointer(view_); }
    [[nodiscard]] T* operator->() const noexcept { return placement::pointer(view_); }
    [[nodiscard]] T* get() const noexcept { return placement::pointer(view_); }
    [[nodiscard]] const std::string& name() const noexcept { return detail::name_of(*segment_); }

private:
    template <class... Args>
    struct request {
        permissions who;
        std::tuple<const Args&...> args;
    };

    static request<> split() { return {permissions::this_user, {}}; }
    template <class First, class... Rest>
    static auto split(const First& first, const Rest&... rest) {
        if constexpr (std::is_same_v<First, permissions>)
            return request<Rest...>{first, {rest...}};
        else
            return request<First, Rest...>{permissions::this_user, {first, rest...}};
    }

    template <class... Args>
    named(detail::open_mode mode, std::string_view name, request<Args...> r)
        : segment_(enter(mode, name, r)),
          view_(placement::look(detail::object_of(*segment_), detail::object_bytes_of(*segment_))) {}

    template <class... Args>
    static std::shared_ptr<detail::segment> enter(detail::open_mode mode, std::string_view name, request<Args...>& r) {
        try {
            const auto construct = [](void* context, void* place) {
                std::apply([place](const auto&... args) { placement::construct(place, args...); },
                           static_cast<request<Args...>*>(context)->args);
            };
            auto wanted = std::apply([](const auto&... args) { return placement::describe(args...); }, r.args);
            wanted.parameters_count = mode != detail::open_mode::open || sizeof...(Args) != 0;
            return detail::enter_segment(mode, name, r.who, wanted, construct, &r);
        } catch (const std::system_error& e) {
            // The primitives' own complaints (a capacity, a count) do not know the name yet.
            const std::string_view complaint(e.what());
            if (complaint.find('"') != std::string_view::npos)
                throw;
            const auto cause = complaint.substr(0, complaint.rfind(": " + e.code().message()));
            detail::raise(e.code(), detail::quoted(placement::kind(), name) + ": " + std::string(cause));
        }
    }

    void close() noexcept {
        if (segment_)
            detail::leave_segment(std::move(segment_));
    }

    std::shared_ptr<detail::segment> segment_;
    mutable typename placement::view view_;
};

} // namespace crosswake
