// A segment, one shared object with what is needed to wait in it, as this process has it mapped.
#pragma once

#include <backend/region.hpp>
#include <core/mailbox.hpp>
#include <core/segment_layout.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/detail/wait_word.hpp>
#include <crosswake/named.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crosswake::detail {

/// What one process knows of a segment. The numbers that bound memory accesses are private copies, checked once.
class segment : public std::enable_shared_from_this<segment> {
public:
    static std::shared_ptr<segment> enter(open_mode mode, std::string_view name, permissions who, const shape& wanted,
                                          void (*construct)(void* context, void* place), void* context);
    ~segment();
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    /// The segment that holds the address; null if none does. The caller has the object open, and therefore the
    /// segment.
    static segment* holding(const void* address) noexcept;
    /// Keeps the segment mapped; null if the last handle has just been closed.
    [[nodiscard]] std::shared_ptr<segment> pin() noexcept { return weak_from_this().lock(); }
    /// Its handle has gone; only what pins it keeps it mapped. Calls closed(mapping, false) for this one; or, if it was
    /// this process's last handle of the object, closed(mapping, true) for every mapping of it that is left.
    template <class Closed>
    void close(Closed&& closed) {
        auto all = close_and_collect();
        if (all == nullptr)
            closed(*this, false);
        for (; all != nullptr; all = std::move(all->next_closed_))
            closed(*all, true);
    }
    [[nodiscard]] bool is_closed() const noexcept { return closed_.load(); }
    /// In a forked child: becomes a holder of every segment in its own right. false: not of all of them.
    [[nodiscard]] static bool hold_all_as(owner_token who) noexcept;
    static void lock_for_fork() noexcept;
    static void unlock_after_fork() noexcept;

    [[nodiscard]] void* object() const noexcept { return region_->bytes() + object_offset_; }
    [[nodiscard]] std::uint64_t object_bytes() const noexcept { return object_bytes_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] backend::region& region() const noexcept { return *region_; }

    /// Where the word is, in units of 8 bytes; the list of wait words counts like that, too.
    [[nodiscard]] std::uint32_t place_of(const wait_word& word) const noexcept {
        const auto offset = reinterpret_cast<const std::byte*>(&word) - region_->bytes();
        return static_cast<std::uint32_t>(offset / 8);
    }
    /// The mark under which the word's wake-ups are noted.
    [[nodiscard]] core::note note_of(const wait_word& word) const noexcept;

    /// Calls visit(word) for each wait word of the object.
    template <class Visit>
    void for_each_word(Visit&& visit) {
        // Bounded by the number of words that fit: the list lies in memory that others can write.
        auto at = layout().first_word;
        for (auto left = region_->size() / sizeof(wait_word); at != 0 && left != 0; --left) {
            const auto offset = std::uint64_t{at} * 8;
            if (offset < object_offset_ || offset + sizeof(wait_word) > object_offset_ + object_bytes_)
                return;
            auto& word = *reinterpret_cast<wait_word*>(region_->bytes() + offset);
            at = word.next_word;
            visit(word);
        }
    }

    /// `index` counts all seats; crowd_seat's from private_seats on.
    [[nodiscard]] core::seat_layout& seat(std::size_t index) const noexcept;
    [[nodiscard]] core::crowd_seat_layout& crowd_seat(std::size_t index) const noexcept;
    /// How many of the crowd's seats were ever taken; 0 if there is no memory for as many as are said to be.
    [[nodiscard]] std::size_t crowd_used() noexcept;
    /// Makes the crowd's seat `index` usable.
    std::error_code open_crowd_seat(std::size_t index) noexcept;

private:
    friend std::shared_ptr<segment> enter_segment(open_mode, std::string_view, permissions, const shape&,
                                                  void (*)(void*, void*), void*);
    friend void leave_segment(std::shared_ptr<segment> s) noexcept;

    std::shared_ptr<segment> close_and_collect() noexcept;
    std::error_code set_aside_crowd(std::size_t seats) noexcept;

    segment(std::string name, std::unique_ptr<backend::region> region, const core::segment_layout& checked) noexcept;

    [[nodiscard]] core::segment_layout& layout() const noexcept {
        return *reinterpret_cast<core::segment_layout*>(region_->bytes());
    }

    std::string name_;
    std::unique_ptr<backend::region> region_;
    std::uint64_t id_;
    std::uint64_t object_offset_;
    std::uint64_t object_bytes_;
    std::uint64_t crowd_offset_;
    std::atomic<std::size_t> crowd_set_aside_{0}; // seats whose pages are there, as far as this process knows
    std::atomic<bool> closed_{false};
    std::shared_ptr<segment> next_closed_; // while close() goes through them
};

} // namespace crosswake::detail
