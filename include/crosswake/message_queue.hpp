// A queue of messages of any size, written and read in place: many producers, many consumers.
#pragma once

#include <crosswake/deadline.hpp>
#include <crosswake/detail/message_ring.hpp>
#include <crosswake/detail/shape.hpp>
#include <crosswake/error.hpp>
#include <crosswake/message.hpp>
#include <crosswake/operation.hpp>
#include <crosswake/reservation.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace crosswake {

namespace detail {

class reserve_operation final : public operation {
public:
    reserve_operation(message_ring q, std::size_t bytes) noexcept
        : operation(q.core().pushers), queue_(q), bytes_(bytes) {}
    attempt try_once() noexcept override {
        const auto o = queue_.reserve(bytes_);
        error = o.error;
        held_by_ = o.held_by;
        claim_ = o.claim;
        return o.what;
    }
    // Any room: somebody else may want less.
    [[nodiscard]] bool ready() const noexcept override { return queue_.may_reserve(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return held_by_; }
    /// What try_once() took; call it once.
    [[nodiscard]] crosswake::reservation reservation() noexcept { return crosswake::reservation(claim_); }

    errc error{};

private:
    message_ring queue_;
    std::size_t bytes_;
    owner_token held_by_ = nobody;
    message_claim claim_;
};

class receive_operation final : public operation {
public:
    explicit receive_operation(message_ring q) noexcept : operation(q.core().poppers), queue_(q) {}
    attempt try_once() noexcept override {
        const auto o = queue_.receive();
        error = o.error;
        held_by_ = o.held_by;
        claim_ = o.claim;
        return o.what;
    }
    [[nodiscard]] bool ready() const noexcept override { return queue_.may_receive(); }
    [[nodiscard]] owner_token held_by() const noexcept override { return held_by_; }
    /// What try_once() took; call it once.
    [[nodiscard]] crosswake::message message() noexcept { return crosswake::message(claim_); }

    errc error{};

private:
    message_ring queue_;
    owner_token held_by_ = nobody;
    message_claim claim_;
};

} // namespace detail

/// Messages of 0 to max_message() bytes, 2^31 at the most, in a ring of bytes:
///
///     named<message_queue> frames{create_only, "frames", 16 << 20};      // bytes, and how many messages if you like
///     auto r = frames->reserve(2 << 20);                                 // waits for room
///     encode(picture, r.data());                                         // in place, no copy
///     r.commit();
///
///     auto m = frames->receive();                                        // waits for a message
///     show(m.data());                                                    // in place; released when m goes
///
/// A message takes its bytes, rounded up to 64, and one of max_messages() slots. Both come back in the order in which
/// they were reserved: a reservation or a message that is held for long keeps those after it from being used again.
/// One that takes more than half of the capacity may have to wait until the queue is empty, and smaller ones may be
/// quicker.
///
/// Order: that of the reservations. One that is still being written is passed over, and comes as soon as it is
/// committed; what a dead consumer had comes when its death is found out. So a producer that commits each message
/// before it reserves the next has them received in order, but for those that say redelivered().
///
/// Crash: a producer that dies before commit() has sent nothing. A message that was committed is there until a consumer
/// releases it: one that dies with it gives it back, and the next one is told (message::redelivered()). A receiver that
/// waits finds out within a second. Who is stopped lives, and keeps what it has.
///
/// Thread-safe in all functions. commit() synchronises with the receive() that gets the message, release() with the
/// reserve() that gets its room. All may throw std::system_error{errc::corrupted} if somebody wrote garbage.
///
/// It stands alone in its segment; the object of this type is this process's private view of it, held by the handle.
class message_queue {
public:
    /// Room for one message of that many bytes, waiting for it. Throws errc::closed once the queue is closed, and
    /// errc::too_large for more than max_message(), with both sizes.
    [[nodiscard]] reservation reserve(std::size_t bytes) { return *reserve_until(deadline::never(), bytes); }
    /// Nothing: an error says why.
    [[nodiscard]] reservation reserve(std::size_t bytes, std::error_code& error) {
        return reserve_until(deadline::never(), bytes, error).value_or(reservation());
    }
    /// Nothing: there is no room now, or never will be. Never waits; fails too while another process is stopped inside.
    [[nodiscard]] reservation try_reserve(std::size_t bytes) noexcept {
        std::error_code ignored;
        return try_reserve(bytes, ignored);
    }
    /// As above, and error tells them apart: no error, errc::closed or errc::too_large.
    [[nodiscard]] reservation try_reserve(std::size_t bytes, std::error_code& error) noexcept {
        error.clear();
        detail::reserve_operation op{ring_, bytes};
        return op.try_once() == attempt::done && succeeded(op, error) ? op.reservation() : reservation();
    }
    /// nullopt: the time is over and nothing was reserved. Throws as reserve(). Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<reservation> reserve_for(const std::chrono::duration<Rep, Period>& timeout,
                                                         std::size_t bytes) {
        return reserve_until(deadline::after(timeout), bytes);
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<reservation> reserve_until(const std::chrono::time_point<Clock, Duration>& moment,
                                                           std::size_t bytes) {
        return reserve_until(deadline::at(moment), bytes);
    }

    /// The next message, waiting for one. Throws errc::closed once the queue is closed and nothing can come any more:
    /// nothing waits, nothing is reserved, and no other process has a message that would come back if it died.
    [[nodiscard]] message receive() { return *receive_until(deadline::never()); }
    /// Nothing: an error says why.
    [[nodiscard]] message receive(std::error_code& error) {
        return receive_until(deadline::never(), error).value_or(message());
    }
    /// Nothing: there is none. Never waits; fails too while another process is stopped inside.
    [[nodiscard]] message try_receive() noexcept {
        std::error_code ignored;
        return try_receive(ignored);
    }
    /// As above, and error tells an empty queue from one that is closed and drained: no error or errc::closed.
    [[nodiscard]] message try_receive(std::error_code& error) noexcept {
        error.clear();
        detail::receive_operation op{ring_};
        return op.try_once() == attempt::done && succeeded(op, error) ? op.message() : message();
    }
    /// nullopt: the time is over and nothing was taken. Throws as receive(). Tries once however late it is.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<message> receive_for(const std::chrono::duration<Rep, Period>& timeout) {
        return receive_until(deadline::after(timeout));
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<message> receive_until(const std::chrono::time_point<Clock, Duration>& moment) {
        return receive_until(deadline::at(moment));
    }

    // --- With a copy: the same, for bytes that lie elsewhere

    /// Sends a copy. Waits and throws as reserve().
    void push(std::span<const std::byte> bytes) { fill(reserve(bytes.size()), bytes); }
    /// false: an error says why.
    bool push(std::span<const std::byte> bytes, std::error_code& error) {
        return fill(reserve(bytes.size(), error), bytes);
    }
    /// false: as try_reserve().
    [[nodiscard]] bool try_push(std::span<const std::byte> bytes) { return fill(try_reserve(bytes.size()), bytes); }
    /// false: the time is over and nothing was sent.
    template <class Rep, class Period>
    [[nodiscard]] bool push_for(const std::chrono::duration<Rep, Period>& timeout, std::span<const std::byte> bytes) {
        return push_until(deadline::after(timeout), bytes);
    }
    template <class Clock, class Duration>
    [[nodiscard]] bool push_until(const std::chrono::time_point<Clock, Duration>& moment,
                                  std::span<const std::byte> bytes) {
        return push_until(deadline::at(moment), bytes);
    }

    /// Takes a copy of the next message. Waits and throws as receive(); without memory for it, the message is put back.
    [[nodiscard]] std::vector<std::byte> pop() {
        auto m = receive();
        try {
            return {m.data().begin(), m.data().end()};
        } catch (...) {
            m.put_back(); // no memory for the copy
            throw;
        }
    }
    /// Copies the next message to the start of `buffer`, and returns its size. Waits and throws as receive(), and
    /// throws errc::too_large, putting the message back, if the buffer is smaller.
    std::size_t pop(std::span<std::byte> buffer) { return copy(receive(), buffer); }
    /// nullopt: as try_receive().
    [[nodiscard]] std::optional<std::size_t> try_pop(std::span<std::byte> buffer) {
        auto m = try_receive();
        return m ? std::optional(copy(std::move(m), buffer)) : std::nullopt;
    }
    /// nullopt: the time is over and nothing was taken.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<std::size_t> pop_for(const std::chrono::duration<Rep, Period>& timeout,
                                                     std::span<std::byte> buffer) {
        return pop_until(deadline::after(timeout), buffer);
    }
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<std::size_t> pop_until(const std::chrono::time_point<Clock, Duration>& moment,
                                                       std::span<std::byte> buffer) {
        return pop_until(deadline::at(moment), buffer);
    }

    /// Nothing is reserved any more; what is reserved may still be committed, and what waits received. Wakes everyone.
    /// A reserve() that had begun may still succeed. Closed is for ever.
    void close() noexcept { ring_.close(); }
    [[nodiscard]] bool is_closed() const noexcept { return ring_.core().closed.load() != 0; }
    /// How many messages waited a moment ago, without what is reserved or on loan. Looks at each slot in use.
    [[nodiscard]] std::size_t size() const noexcept { return ring_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Bytes.
    [[nodiscard]] std::size_t capacity() const noexcept { return ring_.capacity(); }
    [[nodiscard]] std::size_t max_message() const noexcept { return ring_.largest(); }
    [[nodiscard]] std::size_t max_messages() const noexcept { return ring_.slot_count(); }

    [[nodiscard]] detail::message_ring ring() const noexcept { return ring_; }

private:
    friend struct detail::placement<message_queue>;
    explicit message_queue(detail::message_ring r) noexcept : ring_(r) {}

    template <class Operation>
    static bool succeeded(const Operation& op, std::error_code& error) noexcept {
        error = op.error == errc{} ? std::error_code{} : make_error_code(op.error);
        return !error;
    }

    std::optional<reservation> reserve_until(deadline until, std::size_t bytes, std::error_code& error) {
        error.clear();
        detail::reserve_operation op{ring_, bytes};
        if (!wait(op, until) || !succeeded(op, error))
            return std::nullopt;
        return op.reservation();
    }
    std::optional<reservation> reserve_until(deadline until, std::size_t bytes) {
        std::error_code error;
        auto r = reserve_until(until, bytes, error);
        if (error == errc::too_large)
            raise_too_large("message_queue::reserve", bytes, max_message());
        if (error)
            detail::raise_about(&ring_.core(), error, "message_queue::reserve");
        return r;
    }
    std::optional<message> receive_until(deadline until, std::error_code& error) {
        error.clear();
        detail::receive_operation op{ring_};
        if (!wait(op, until) || !succeeded(op, error))
            return std::nullopt;
        return op.message();
    }
    std::optional<message> receive_until(deadline until) {
        std::error_code error;
        auto m = receive_until(until, error);
        if (error)
            detail::raise_about(&ring_.core(), error, "message_queue::receive");
        return m;
    }
    bool push_until(deadline until, std::span<const std::byte> bytes) {
        auto r = reserve_until(until, bytes.size());
        return r && fill(std::move(*r), bytes);
    }
    std::optional<std::size_t> pop_until(deadline until, std::span<std::byte> buffer) {
        auto m = receive_until(until);
        return m ? std::optional(copy(std::move(*m), buffer)) : std::nullopt;
    }

    static bool fill(reservation r, std::span<const std::byte> bytes) {
        if (!r)
            return false;
        std::copy(bytes.begin(), bytes.end(), r.data().begin());
        r.commit();
        return true;
    }
    std::size_t copy(message m, std::span<std::byte> buffer) const {
        if (const auto bytes = m.size(); bytes > buffer.size()) {
            m.put_back();
            raise_too_large("message_queue::pop", bytes, buffer.size());
        }
        std::copy(m.data().begin(), m.data().end(), buffer.begin());
        return m.size();
    }
    [[noreturn]] void raise_too_large(const char* call, std::size_t bytes, std::size_t most) const {
        const auto what = std::string(call) + " of " + std::to_string(bytes) + " bytes, where at most " +
                          std::to_string(most) + " fit,";
        detail::raise_about(&ring_.core(), errc::too_large, what.c_str());
    }

    detail::message_ring ring_;
};

namespace detail {

/// named<message_queue>{create_only, "frames", bytes} or {create_only, "frames", bytes, messages}. Without a number of
/// messages: one for each 256 bytes, 16 at the least, 65,536 at the most.
template <>
struct placement<message_queue> {
    using view = message_queue;

    static std::string_view kind() noexcept { return "message_queue"; }

    /// Without arguments: opening a queue of whatever capacity.
    static shape describe() noexcept { return described({1, 1}); }
    template <std::integral... Counts>
    requires(sizeof...(Counts) == 1 || sizeof...(Counts) == 2) static shape describe(Counts... counts) {
        return described(sizes_of(counts...));
    }

    template <std::integral... Counts>
    static void construct(void* where, Counts... counts) {
        const auto s = sizes_of(counts...);
        ::new (where) message_core(s.slots);
        for (std::uint32_t i = 0; i < s.slots; ++i)
            ::new (static_cast<std::byte*>(where) + slots_at + std::size_t{i} * sizeof(message_slot)) message_slot;
    }
    /// How many slots there are is read once, and the rest is computed from what the segment holds. A queue whose
    /// numbers make no sense has no slots, and says corrupted to everything.
    static view look(void* where, std::uint64_t bytes) noexcept {
        auto* core = std::launder(static_cast<message_core*>(where));
        const auto in_units = (bytes - slots_at) / message_unit;
        std::uint64_t slots = static_cast<const volatile std::uint32_t&>(core->slot_count);
        if (slots >= in_units || in_units - slots > most_units)
            slots = 0;
        auto* const first = static_cast<std::byte*>(where) + slots_at;
        return view{message_ring{*core, std::launder(reinterpret_cast<message_slot*>(first)),
                                 static_cast<std::uint32_t>(slots), first + slots * sizeof(message_slot),
                                 static_cast<std::uint32_t>(in_units - slots)}};
    }
    static view* pointer(view& v) noexcept { return &v; }

private:
    struct sizes {
        std::uint64_t units = 0;
        std::uint32_t slots = 0;
    };
    static constexpr std::uint64_t slots_at = sizeof(message_core);
    static_assert(sizeof(message_slot) == message_unit);
    static constexpr std::uint64_t most_units = (std::numeric_limits<std::uint32_t>::max)();

    static sizes sizes_of() noexcept { return {1, 1}; }
    template <std::integral Bytes>
    static sizes sizes_of(Bytes bytes) {
        const auto units = units_for(bytes);
        return {units, static_cast<std::uint32_t>(std::clamp<std::uint64_t>(units / 4, 16, 65'536))};
    }
    template <std::integral Bytes, std::integral Messages>
    static sizes sizes_of(Bytes bytes, Messages messages) {
        constexpr auto most = std::uint64_t{1} << 31;
        if (!std::in_range<std::uint64_t>(messages) || messages == 0 || static_cast<std::uint64_t>(messages) > most)
            raise(errc::invalid_argument,
                  "it has room for 1 to " + std::to_string(most) + " messages, not " + std::to_string(messages));
        return {units_for(bytes), static_cast<std::uint32_t>(messages)};
    }
    template <std::integral Bytes>
    static std::uint64_t units_for(Bytes bytes) {
        constexpr auto most =
            std::min<std::uint64_t>(most_units, (std::numeric_limits<std::ptrdiff_t>::max)() / 2 / message_unit) *
            message_unit;
        if (!std::in_range<std::uint64_t>(bytes) || bytes == 0 || static_cast<std::uint64_t>(bytes) > most)
            raise(errc::invalid_argument,
                  "its capacity is from 1 to " + std::to_string(most) + " bytes, not " + std::to_string(bytes));
        return (static_cast<std::uint64_t>(bytes) + message_unit - 1) / message_unit;
    }
    static shape described(sizes s) noexcept {
        return {.kind = "message_queue",
                .unit_size = 1,
                .unit_alignment = message_unit,
                .bytes = slots_at + s.slots * sizeof(message_slot) + s.units * message_unit,
                .alignment = message_unit,
                .parameters = {{"capacity", s.units * message_unit}, {"messages", s.slots}}};
    }
};

} // namespace detail
} // namespace crosswake
