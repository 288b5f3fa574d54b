// A live object whose bytes somebody else writes, at any place and between any two calls.
//
// Around what an operation has a right to touch, the mapping is poisoned: AddressSanitizer reports a step beyond the
// object's last byte, or into the part of the header that was copied when the segment was opened, though all of it is
// mapped.
#pragma once

#include <fuzz/neighbours.hpp>
#include <fuzz/script.hpp>

#include <backend/process.hpp>
#include <core/segment.hpp>
#include <crosswake/deadline.hpp>
#include <crosswake/named.hpp>
#include <crosswake/operation.hpp>
#include <crosswake/reactor.hpp>

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace crosswake::fuzz {

/// Where a primitive's first shared byte is.
template <class T>
const void* shared_bytes_of(const T& t) {
    if constexpr (requires { t.ref().core(); })
        return &t.ref().core();
    else if constexpr (requires { t.ring().core(); })
        return &t.ring().core();
    else
        return &t;
}

template <class T>
class stage {
public:
    template <class... Args>
    explicit stage(const Args&... args)
        : name_("fuzz-" + std::to_string(backend::random_number())), object_(create_only, name_, args...),
          segment_(*detail::segment::holding(shared_bytes_of(*object_))) {
        auto* const start = segment_.region().bytes();
        auto* const object = static_cast<std::byte*>(segment_.object());
        auto* const crowd = reinterpret_cast<std::byte*>(&segment_.seat(core::private_seats));
        const auto header_left = offsetof(core::segment_layout, first_word);
        spoilable_ = {{start + header_left, sizeof(core::segment_layout) - header_left},
                      {object, static_cast<std::size_t>(segment_.object_bytes())},
                      {crowd, core::crowd_seats * sizeof(core::crowd_seat_layout)}};
        // Of the crowd, which is large and of one kind, only the beginning is written.
        spoilable_.back() = spoilable_.back().first(2048);
        ASAN_POISON_MEMORY_REGION(start, header_left);
        ASAN_POISON_MEMORY_REGION(object + segment_.object_bytes(),
                                  static_cast<std::size_t>(crowd - object) - segment_.object_bytes());
        for (const auto part : spoilable_)
            as_made_.emplace_back(part.begin(), part.end());
    }

    [[nodiscard]] T& object() noexcept { return *object_; }

    /// To go through thousands of seats takes time: where they are not what matters, there are fewer.
    std::uint32_t most_crowd = 64;

    /// Makes everything as it was when the object was made.
    void restore() noexcept {
        for (std::size_t i = 0; i < spoilable_.size(); ++i)
            std::memcpy(spoilable_[i].data(), as_made_[i].data(), as_made_[i].size());
    }
    /// Writes what the script says, where it says.
    void spoil(script& s) {
        const auto part = spoilable_[s.one_of(spoilable_.size())];
        const auto at = s.number<std::uint16_t>() % part.size();
        if (s.one_of(4) == 0) {
            const auto run = s.bytes(std::min<std::size_t>(s.byte(), part.size() - at));
            std::memcpy(part.data() + at, run.data(), run.size());
        } else {
            const auto word = chosen_word(s);
            std::memcpy(part.data() + at / 8 * 8, &word, std::min<std::size_t>(8, part.size() - at / 8 * 8));
        }
        auto& crowd = reinterpret_cast<core::segment_layout*>(segment_.region().bytes())->crowd_used;
        crowd.store(std::min(crowd.load(), most_crowd));
    }
    /// What a peer that means harm would write: owners of every kind, seats, counts at the limits; or just any bytes.
    std::uint64_t chosen_word(script& s) {
        const auto kind = s.one_of(12);
        switch (kind) {
        case 0:
            return s.number<std::uint64_t>();
        case 1:
            return s.number<std::uint16_t>();
        case 2:
            return std::uint64_t{s.byte()} << 32 | s.byte(); // a queue's position
        case 3:
            return ~std::uint64_t{0} >> s.one_of(64);
        case 4:
            return std::uint64_t{1} << s.one_of(64);
        case 5:
            return detail::this_process() | s.one_of(4);
        case 6:
            return cast_.living() | s.one_of(4);
        case 7:
            return cast_.dead() | s.one_of(4);
        case 8:
            return cast_.living_bell();
        case 9:
            return cast_.living_bell() ^ std::uint64_t{1} << s.one_of(64);
        default:
            return 0;
        }
    }

private:
    std::string name_;
    named<T> object_;
    detail::segment& segment_;
    neighbours cast_;
    std::vector<std::span<std::byte>> spoilable_;
    std::vector<std::vector<std::byte>> as_made_;
};

/// How late a wait may be: never later than a moment.
inline std::chrono::nanoseconds some_timeout(script& s) noexcept {
    const auto choice = s.byte();
    // Seldom more than none: to sleep takes longer than all the rest.
    return std::chrono::nanoseconds(choice == 77 ? 20'000 : choice > 127 ? -1'000'000'000 : 0);
}

/// Waits in a reactor. They begin, are served, and end with the run; the reactor stays, since making one takes longer
/// than all the rest.
class awaiting {
public:
    awaiting() { waits_.reserve(most); }
    awaiting(const awaiting&) = delete;
    awaiting& operator=(const awaiting&) = delete;
    ~awaiting() { end_all(); }

    void end_all() noexcept {
        for (auto& w : waits_)
            reactor_->cancel(*w);
        waits_.clear();
    }
    /// Another reactor, which has to find itself a seat.
    void renew() {
        end_all();
        reactor_.emplace();
    }

    template <class Operation, class... Args>
    void start(script& s, Args&&... args) {
        if (waits_.size() == most)
            return;
        auto w = std::make_unique<wait_for<Operation>>(deadline::after(some_timeout(s)), std::forward<Args>(args)...);
        std::error_code error;
        auto& waiting = *waits_.emplace_back(std::move(w));
        if (reactor_->start(waiting, waiting.what(), error) != start_result::waiting)
            waits_.pop_back();
    }
    void dispatch() { reactor_->dispatch(); }

private:
    static constexpr std::size_t most = 4;

    class any_wait : public pending {
    public:
        using pending::pending;
        virtual ~any_wait() = default;
        virtual operation& what() noexcept = 0;
        void completed(wait_result) noexcept override {}
    };
    template <class Operation>
    class wait_for final : public any_wait {
    public:
        template <class... Args>
        explicit wait_for(deadline until, Args&&... args) : any_wait(until), operation_(std::forward<Args>(args)...) {}
        operation& what() noexcept override { return operation_; }

    private:
        Operation operation_;
    };

    std::optional<reactor> reactor_{std::in_place};
    std::vector<std::unique_ptr<any_wait>> waits_;
};

/// Spoils and acts in turn, as the bytes say. act(script&, which) does one of `acts` things to the object.
template <class T, class Act>
int play(stage<T>& on, awaiting& loop, const std::uint8_t* data, std::size_t size, std::size_t acts, Act&& act) {
    on.restore();
    script s(data, size);
    for (int steps = 0; steps < 48 && !s.is_over(); ++steps) {
        const auto what = s.one_of(acts + acts); // half of what happens is harm
        if (what >= acts) {
            on.spoil(s);
            continue;
        }
        try {
            act(s, what);
        } catch (const std::system_error&) {
            // Broken bytes may be said to be.
        }
    }
    loop.end_all();
    return 0;
}

} // namespace crosswake::fuzz
