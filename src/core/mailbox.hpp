// The mailbox of a reactor: its ring state, and the notes of what moved. Bytes in shared memory, written by any peer.
//
//     quiet(g) -> ringing(g) -> rung(g) -> quiet(g + 1)
//
// Only rung(g) lets a ringer off without a system call. A ringer that is stopped after ringing(g) and before its bell
// sounds mutes nobody: the next one sees ringing(g), sounds the bell itself, and moves it to rung(g). Moving on to
// g + 1 is the reactor's alone, so that the first one's late step fails.
//
// Notes are a set of 4,096 marks, onto which the places of all words are folded. A mark may stand for several words,
// and may be left twice; the reactor tries, and finds out. There is nothing that could overflow, or that a hostile peer
// could spoil beyond causing work.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/detail/atomic.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace crosswake::core {

/// Which mark a word has.
using note = std::uint16_t;
inline constexpr std::size_t note_count = 4096;

struct mailbox_layout {
    alignas(64) detail::atomic<std::uint32_t> ring;
    std::uint32_t reserved;
    detail::atomic<std::uint64_t> summary; // bit i: marks[i] may hold something
    detail::atomic<std::uint64_t> marks[64];
};
static_assert(sizeof(mailbox_layout) <= backend::mailbox_bytes);

class mailbox {
public:
    explicit mailbox(std::byte* bytes) noexcept : m_(reinterpret_cast<mailbox_layout*>(bytes)) {}

    /// Leaves the note, then rings if need be. false: the bell's owner is gone.
    bool notify(backend::peer_bell& bell, note n) const noexcept {
        leave(n);
        return ring(bell);
    }

    [[nodiscard]] bool is_rung() const noexcept { return phase(m_->ring.load()) == rung; }

    /// The reactor's side, after the bell is silenced and before the notes are taken: any other order loses wake-ups.
    void quieten() const noexcept { m_->ring.exchange(generation(m_->ring.load()) + next_generation); }

    /// Takes all notes; calls take(note) for each.
    template <class Take>
    void take_notes(Take&& take) const {
        for (auto filled = m_->summary.exchange(0); filled != 0; filled &= filled - 1) {
            const auto i = static_cast<unsigned>(std::countr_zero(filled));
            for (auto marked = m_->marks[i].exchange(0); marked != 0; marked &= marked - 1)
                take(static_cast<note>(i * 64 + static_cast<unsigned>(std::countr_zero(marked))));
        }
    }

private:
    static constexpr std::uint32_t quiet = 0;
    static constexpr std::uint32_t ringing = 1;
    static constexpr std::uint32_t rung = 2;
    static constexpr std::uint32_t next_generation = 4;
    static constexpr std::uint32_t phase(std::uint32_t state) noexcept { return state & 3; }
    static constexpr std::uint32_t generation(std::uint32_t state) noexcept { return state & ~3u; }

    // Looking before marking keeps the line shared while many ring for the same thing. What was seen marked has not
    // been taken yet, and will be taken after the change that the note is about.
    void leave(note n) const noexcept {
        const auto i = n / 64u;
        const auto mark = std::uint64_t{1} << (n % 64u);
        if ((m_->marks[i].load() & mark) == 0)
            m_->marks[i].fetch_or(mark);
        // Looked at even if the mark was there: whoever left it may have been stopped before this line.
        if ((m_->summary.load() & (std::uint64_t{1} << i)) == 0)
            m_->summary.fetch_or(std::uint64_t{1} << i);
    }

    bool ring(backend::peer_bell& bell) const noexcept {
        auto state = m_->ring.load();
        for (;;) {
            if (phase(state) == rung)
                return true;
            if (phase(state) != ringing && !m_->ring.compare_exchange_strong(state, generation(state) | ringing))
                continue;
            const auto g = generation(state);
            if (!bell.ring())
                return false;
            auto mine = g | ringing;
            m_->ring.compare_exchange_strong(mine, g | rung);
            return true;
        }
    }

    mailbox_layout* m_;
};

} // namespace crosswake::core
