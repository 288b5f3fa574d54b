// The ring of bytes: room, reservations, loans, and what becomes of them when their holders die.
//
// Whatever is read from shared memory is read once, checked against the sizes that this process keeps, and used from
// the copy. Loops go round the slots once at the most.
#include <crosswake/detail/message_ring.hpp>

namespace crosswake::detail {
namespace {

constexpr std::uint64_t high = std::uint64_t{1} << 32;

constexpr bool is_reserved(owner_token state) noexcept {
    return (state & owner_flags) == message_slot::reserved;
}
constexpr bool is_on_loan(owner_token state) noexcept {
    return (state & owner_flags) == message_slot::on_loan;
}

/// After something waits. After the end, everybody has to see for himself whether that was the last.
void wake_for_message(message_core& core) noexcept {
    if (core.closed.load() != 0)
        wake_all(core.poppers);
    else
        wake_one(core.poppers);
}

/// After something is finished. Whoever is woken and has enough leaves the rest to the next; for whom it is not enough,
/// wakes all.
void wake_for_room(message_core& core) noexcept {
    if (core.pushers.somebody_waits()) {
        core.all_woken.store(0);
        wake_one(core.pushers);
    }
    if (core.closed.load() != 0)
        wake_all(core.poppers);
}

} // namespace

// ------------------------------------------------------------------------------------------------------------- claims

bool message_claim::end(owner_token as, owner_token next, std::size_t bytes) const noexcept {
    if (slot->state.load(std::memory_order_relaxed) != (this_process() | as))
        return false;
    if (as == message_slot::reserved)
        slot->content.store(bytes, std::memory_order_relaxed);
    slot->state.exchange(next); // nobody else changes what a living process has
    return true;
}

bool message_claim::commit(std::size_t bytes) const noexcept {
    if (!end(message_slot::reserved, message_slot::waits, bytes))
        return false;
    wake_for_message(*core);
    return true;
}

bool message_claim::abort() const noexcept {
    if (!end(message_slot::reserved, message_slot::finished, 0))
        return false;
    wake_for_room(*core);
    return true;
}

bool message_claim::release() const noexcept {
    if (!end(message_slot::on_loan, message_slot::finished, 0))
        return false;
    wake_for_room(*core);
    return true;
}

bool message_claim::put_back() const noexcept {
    if (!end(message_slot::on_loan, message_slot::waits, 0))
        return false;
    wake_for_message(*core);
    return true;
}

// --------------------------------------------------------------------------------------------------------------- room

message_ring::extent message_ring::extent_of(const message_slot& s) const noexcept {
    const auto place = s.place.load(std::memory_order_relaxed);
    const extent e{static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(place >> 32)};
    return e.first < units_ && e.units <= units_ - e.first ? e : extent{};
}

message_ring::gap message_ring::room_for(std::uint32_t units, ring_position head, ring_position tail) const noexcept {
    if (!make_sense(head, tail))
        return {.error = errc::corrupted};
    const auto used = items_between(head, tail, slot_count_);
    if (used == slot_count_)
        return {};
    if (used == 0)
        return {.is_there = true, .first = 0};
    const auto oldest = extent_of(slot(head));
    const auto newest = extent_of(slots_[(slot_of(tail) == 0 ? slot_count_ : slot_of(tail)) - 1]);
    if (oldest.units == 0 || newest.units == 0)
        return {.error = errc::corrupted};
    const auto begin = oldest.first;
    const auto end = newest.first + newest.units;
    if (end <= begin) // the used part goes around the ring's end
        return {.is_there = begin - end >= units, .first = end};
    if (units_ - end >= units)
        return {.is_there = true, .first = end};
    return {.is_there = begin >= units, .first = 0};
}

message_ring::outcome message_ring::reserve(std::size_t bytes) const noexcept {
    if (slot_count_ == 0)
        return over(errc::corrupted);
    if (bytes > largest())
        return over(errc::too_large);
    auto& tail = core_->tail;
    if (!tail.inside.take(hold::pusher))
        return {.what = attempt::wait_for_owner, .held_by = tail.inside.holder()};
    const auto units = units_for(bytes);
    const auto o = reserve_inside(units, bytes);
    let_go_of_tail();
    // Others may want less. Once is enough until there is new room, or they would wake one another for ever.
    if (o.what == attempt::wait && units > 1 && has_room() && core_->all_woken.load() == 0 &&
        core_->all_woken.exchange(1) == 0)
        wake_all(core_->pushers);
    return o;
}

message_ring::outcome message_ring::reserve_inside(std::uint32_t units, std::size_t bytes) const noexcept {
    if (core_->closed.load() != 0)
        return over(errc::closed);
    auto& tail = core_->tail;
    const auto at = tail.position.load(std::memory_order_relaxed);
    auto head = tail.other_seen.load(std::memory_order_relaxed);
    auto room = room_for(units, head, at);
    const auto look_again = [&] {
        head = core_->head.position.load();
        tail.other_seen.store(head, std::memory_order_relaxed);
        room = room_for(units, head, at);
    };
    if (!room.is_there && room.error == errc{})
        look_again();
    if (!room.is_there && room.error == errc{}) {
        const auto oldest = slot(head).state.load();
        if (oldest == message_slot::waits || (oldest != message_slot::finished && !owner_is_dead(oldest, core_)))
            return {};
        if (const auto holder = move_head(at); holder != nobody)
            return {.what = attempt::wait_for_owner, .held_by = holder};
        look_again();
    }
    if (room.error != errc{})
        return over(room.error);
    if (!room.is_there)
        return {};

    auto& s = slot(at);
    s.place.store(room.first | units * high, std::memory_order_relaxed);
    s.state.store(this_process() | message_slot::reserved, std::memory_order_relaxed);
    // Pairs with the loads of tail.position in receiving.
    tail.position.store(after(at), std::memory_order_release);
    return {.what = attempt::done, .claim = {core_, &s, bytes_ + std::size_t{room.first} * message_unit, bytes, 0}};
}

owner_token message_ring::move_head(ring_position tail) const noexcept {
    auto& head = core_->head;
    if (!head.inside.take(hold::pusher))
        return head.inside.holder();
    bool came_back = false;
    auto at = head.position.load(std::memory_order_relaxed);
    if (make_sense(at, tail)) {
        head.other_seen.store(tail, std::memory_order_relaxed);
        while (at != tail) {
            auto& s = slot(at);
            auto state = s.state.load();
            if (is_on_loan(state) && owner_is_dead(state, core_))
                came_back = s.state.compare_exchange_strong(state, message_slot::waits);
            else if (is_reserved(state) && owner_is_dead(state, core_) &&
                     s.state.compare_exchange_strong(state, message_slot::finished))
                state = message_slot::finished;
            if (state != message_slot::finished)
                break;
            at = after(at);
        }
        head.position.store(at, std::memory_order_release);
    }
    let_go_of_head();
    if (came_back)
        wake_for_message(*core_);
    return nobody;
}

// ---------------------------------------------------------------------------------------------------------- receiving

message_ring::outcome message_ring::receive() const noexcept {
    if (slot_count_ == 0)
        return over(errc::corrupted);
    auto& head = core_->head;
    if (!head.inside.take(hold::popper))
        return {.what = attempt::wait_for_owner, .held_by = head.inside.holder()};
    const auto o = receive_inside();
    let_go_of_head();
    return o;
}

message_ring::outcome message_ring::receive_inside() const noexcept {
    auto& head = core_->head;
    if (const auto o = receive_before(head.other_seen.load(std::memory_order_relaxed)); o.what == attempt::done)
        return o;
    // From the head again: of what was reserved when it was last looked at, something may wait by now, and it comes
    // before what was reserved since.
    const auto tail = core_->tail.position.load();
    head.other_seen.store(tail, std::memory_order_relaxed);
    if (const auto o = receive_before(tail); o.what == attempt::done)
        return o;
    return look_closer();
}

message_ring::outcome message_ring::receive_before(ring_position tail) const noexcept {
    auto& position = core_->head.position;
    const auto head = position.load(std::memory_order_relaxed);
    if (!make_sense(head, tail))
        return over(errc::corrupted);
    auto oldest = head;
    outcome o;
    for (auto at = head; at != tail; at = after(at)) {
        const auto state = slot(at).state.load();
        if (state == message_slot::waits) {
            o = lend(slot(at));
            break;
        }
        if (state == message_slot::finished && at == oldest)
            oldest = after(at);
    }
    if (oldest != head)
        position.store(oldest, std::memory_order_release);
    return o;
}

message_ring::outcome message_ring::lend(message_slot& s) const noexcept {
    const auto e = extent_of(s);
    const auto content = s.content.load(std::memory_order_relaxed);
    const std::size_t bytes = static_cast<std::uint32_t>(content);
    if (e.units == 0 || bytes > std::size_t{e.units} * message_unit)
        return over(errc::corrupted);
    // First the mark: who dies in between leaves a message that comes late, and nobody may think it the next in order.
    s.content.store(content + high, std::memory_order_relaxed);
    // A store will do: what waits is changed by whoever holds the head alone.
    s.state.store(this_process() | message_slot::on_loan, std::memory_order_release);
    return {.what = attempt::done,
            .claim = {core_, &s, bytes_ + std::size_t{e.first} * message_unit, bytes,
                      static_cast<std::uint32_t>(content >> 32)}};
}

/// Nothing waits. What is on loan to the dead comes back; and after close, it is over once nothing can come any more.
message_ring::outcome message_ring::look_closer() const noexcept {
    const bool is_closed = core_->closed.load() != 0;
    // Whoever is inside may have looked at `closed` before it was set. Nobody: then what the tail says now is final.
    auto awaited = is_closed ? core_->tail.inside.living_holder() : nobody;
    const auto tail = core_->tail.position.load();
    const auto head = core_->head.position.load(std::memory_order_relaxed);
    if (!make_sense(head, tail))
        return over(errc::corrupted);
    for (auto at = head; at != tail; at = after(at)) {
        auto& s = slot(at);
        auto state = s.state.load();
        // Whoever is found dead may have done something more since this looked: what is there now counts.
        if (is_on_loan(state) && owner_is_dead(state, core_)) {
            if (s.state.compare_exchange_strong(state, message_slot::waits))
                state = message_slot::waits;
        } else if (is_closed && is_reserved(state) && owner_is_dead(state, core_)) {
            if (s.state.compare_exchange_strong(state, message_slot::finished))
                state = message_slot::finished;
        }
        if (state == message_slot::waits)
            return lend(s);
        if (is_reserved(state) || (is_on_loan(state) && (state & ~owner_flags) != this_process()))
            awaited = awaited == nobody ? state & ~owner_flags : awaited;
    }
    if (!is_closed)
        return {};
    return awaited == nobody ? over(errc::closed) : outcome{.what = attempt::wait_for_owner, .held_by = awaited};
}

// --------------------------------------------------------------------------------------------------------- letting go

void message_ring::let_go_of_tail() const noexcept {
    if (core_->tail.inside.let_go() != hold::none)
        wake_all(core_->pushers);
    if (core_->closed.load() != 0)
        wake_all(core_->poppers); // it may be that they wait for this one
}

void message_ring::let_go_of_head() const noexcept {
    const auto came = core_->head.inside.let_go();
    if ((came & hold::popper) != 0)
        wake_all(core_->poppers);
    if ((came & hold::pusher) != 0)
        wake_all(core_->pushers);
}

// -------------------------------------------------------------------------------------------- without holding anything

/// For one unit at the least.
bool message_ring::has_room() const noexcept {
    const auto head = core_->head.position.load();
    const auto room = room_for(1, head, core_->tail.position.load());
    return room.is_there || room.error != errc{} || slot(head).state.load() == message_slot::finished;
}

bool message_ring::may_reserve() const noexcept {
    return core_->closed.load() != 0 || slot_count_ == 0 || has_room();
}

bool message_ring::may_receive() const noexcept {
    if (core_->closed.load() != 0 || slot_count_ == 0)
        return true;
    const auto head = core_->head.position.load();
    const auto tail = core_->tail.position.load();
    if (!make_sense(head, tail))
        return true;
    for (auto at = head; at != tail; at = after(at))
        if (slot(at).state.load() == message_slot::waits)
            return true;
    return false;
}

void message_ring::close() const noexcept {
    core_->closed.store(1);
    wake_all(core_->pushers);
    wake_all(core_->poppers);
}

std::size_t message_ring::size() const noexcept {
    const auto head = core_->head.position.load();
    const auto tail = core_->tail.position.load();
    std::size_t n = 0;
    if (slot_count_ != 0 && make_sense(head, tail))
        for (auto at = head; at != tail; at = after(at))
            n += slot(at).state.load() == message_slot::waits ? 1U : 0U;
    return n;
}

} // namespace crosswake::detail
