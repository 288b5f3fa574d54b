// CONTRACT bell: what wakes an event loop.
//
// A reactor makes one bell, whatever it waits for; with it comes a mailbox, a little memory that its ringers write
// into. This is the owner's side; the ringers' is peer_bell.hpp.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/deadline.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/native_handle.hpp>
#include <crosswake/reactor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

namespace crosswake::backend {

class region;

class bell {
public:
    static std::unique_ptr<bell> make(std::error_code& error);
    virtual ~bell() = default;
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;

    [[nodiscard]] virtual bell_address address() const noexcept = 0;
    /// Reads as zeros at first. Peers map the same bytes.
    [[nodiscard]] virtual std::byte* mailbox() const noexcept = 0;
    /// For the ringers of this process itself, which peer_bell::find does not serve. Outlives the bell. Null if the
    /// system has no more to give (descriptors), and then `error` says so.
    [[nodiscard]] virtual std::unique_ptr<peer_bell> ringer(std::error_code& error) const = 0;
    /// What becomes readable (signalled) when the bell rings, and stays so until silenced. The first is the bell
    /// proper; a second one, where there is one, serves regions and deaths.
    [[nodiscard]] virtual std::span<const native_handle> handles() const noexcept = 0;

    /// Whether each ring is an edge to an edge-triggered loop even while the first handle is still readable. A loop
    /// that goes by edges leaves it so, and silences it once in so many rings, before there is no room for another.
    [[nodiscard]] virtual bool rings_are_edges() const noexcept = 0;
    [[nodiscard]] virtual unsigned rings_before_silence() const noexcept = 0;

    /// What was heard since the last time.
    enum class heard : unsigned char {
        nothing_special, // whoever rang has left a note in the mailbox
        a_region,        // a ring came through some region: look everywhere
        a_death,         // a process that was listened for has died; perhaps a region was rung too: look everywhere
        a_departure,     // somebody let a region go, perhaps by dying just now: the same, and once more when the system
                         // has had the time to finish with it
    };
    /// Silences all handles. A ring that comes later is not swallowed.
    virtual heard silence() noexcept = 0;

    /// From now on rings through this region are heard too, and departures from it, where the platform has that. An
    /// error: whoever may map the region and cannot reach the bell cannot reach its owner.
    virtual std::error_code listen(const region& r) noexcept = 0;
    virtual void stop_listening(const region& r) noexcept = 0;

    /// Sleeps until a handle is readable, or until the deadline. Returns early whenever it likes. false: the system
    /// refuses to.
    [[nodiscard]] virtual bool await_ring(deadline until) noexcept = 0;

    /// true: the death of this process will be heard, or has been. false: it will not, or not for certain: the system
    /// does not tell, or there is no such process to be seen. Calls nest.
    [[nodiscard]] virtual bool listen_for_death_of(detail::owner_token who) noexcept = 0;
    virtual void stop_listening_for_death_of(detail::owner_token who) noexcept = 0;

    /// In a forked child: lets go of what was inherited, without a sound for the parent. Nothing but the destructor may
    /// be called afterwards. Safe right after fork.
    virtual void abandon() noexcept = 0;

protected:
    bell() = default;
};

/// What CROSSWAKE_BELL says: that nobody is rung but directly, or but through the segment, or something that no
/// system's mechanism is called.
enum class forced : unsigned char { no, direct, segment, unknown };
[[nodiscard]] forced forced_mechanism() noexcept;

} // namespace crosswake::backend
