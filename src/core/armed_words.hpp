// The words on which a reactor has announced itself, found by address or by the mark of their notes.
#pragma once

#include <core/mailbox.hpp>
#include <core/segment.hpp>
#include <crosswake/reactor.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace crosswake::detail {

/// A reactor's place in one segment.
struct membership {
    std::shared_ptr<detail::segment> segment;
    std::size_t seat = 0;
    std::size_t armed = 0; // words
};

/// One word that the reactor has armed, and the waits on it, first come first.
struct armed_word {
    wait_word* word = nullptr;
    membership* at = nullptr;
    core::note note = 0;
    owner_token owner = nobody; // whose death is listened for
    bool death_is_heard = false;
    bool looks_at_owner = false; // now and then, since its death may not be heard
    armed_word* next = nullptr;  // of the same note
    pending* first = nullptr;
    pending* last = nullptr;
};

/// Not thread-safe.
class armed_words {
public:
    armed_words() : buckets_(core::note_count) {}
    ~armed_words();
    armed_words(const armed_words&) = delete;
    armed_words& operator=(const armed_words&) = delete;

    [[nodiscard]] armed_word* find(const wait_word& word, core::note n) const noexcept;
    armed_word& add(wait_word& word, membership& at, core::note n);
    /// The word's memory is kept for the next one.
    void remove(armed_word& w) noexcept;

    /// Calls visit(word) for each one with that note; it may remove the word it is called for.
    template <class Visit>
    void for_each_noted(core::note n, Visit&& visit) const {
        for (auto* w = buckets_[n]; w != nullptr;) {
            auto* const next = w->next;
            visit(*w);
            w = next;
        }
    }
    /// Calls visit(word) for all.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t n = 0; n < buckets_.size(); ++n)
            for_each_noted(static_cast<core::note>(n), visit);
    }

private:
    std::vector<armed_word*> buckets_; // by note
    armed_word* spare_ = nullptr;
};

} // namespace crosswake::detail
