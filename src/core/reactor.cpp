// The loop that awaits. Every asynchronous function of every primitive is started, served and ended here.
#include <core/reactor_state.hpp>

#include <backend/clock.hpp>
#include <core/peers.hpp>
#include <core/reactors.hpp>
#include <core/seats.hpp>
#include <core/settings.hpp>
#include <crosswake/error.hpp>

#include <algorithm>
#include <utility>

namespace crosswake::detail {

using namespace core;

reactor_state::reactor_state(serves whom) : whom_(whom) {
    prepare_for_fork();
    make_bell();
    reactors::instance().add(*this);
}

reactor_state::~reactor_state() {
    reactors::instance().remove(*this); // from here on nobody else knows of it
    for (auto& [s, m] : memberships_) {
        abort_waits(m);
        leave(m);
    }
    aborted_.announce();
    peers::instance().forget(this_process(), bell_->address());
}

void reactor_state::make_bell() {
    if (backend::forced_mechanism() == backend::forced::unknown)
        raise(std::make_error_code(std::errc::invalid_argument),
              "crosswake::reactor: CROSSWAKE_BELL names no way to ring here");
    std::error_code error;
    auto bell = backend::bell::make(error);
    std::shared_ptr<backend::peer_bell> ringer = bell == nullptr ? nullptr : bell->ringer(error);
    if (ringer == nullptr)
        raise(error, "crosswake::reactor: no bell");
    bell_ = std::move(bell);
    ringer_ = std::move(ringer);
    rings_before_silence_ = bell_->rings_before_silence();
    mailbox_ = mailbox(bell_->mailbox());
    peers::instance().add(this_process(), bell_->address(), ringer_);
}

// ------------------------------------------------------------------------------------------------- one wait's life

start_result reactor_state::start(pending& p, operation& op, std::error_code& error) {
    auto* const found = segment::holding(&op.word());
    auto s = found == nullptr ? nullptr : found->pin();
    p.pin_ = s; // before the try: what it grants lies in the segment
    if (op.try_once() == attempt::done)
        return start_result::done;
    if (!p.until().is_never() && p.until() <= deadline::at_ns(backend::steady_ns()))
        return start_result::timed_out;
    if (s == nullptr) {
        error = errc::not_shared;
        return start_result::failed;
    }

    const std::scoped_lock guard(lock_);
    deadlines_.make_room(); // here, where running out of memory leaves nothing half done
    auto* const m = join(s, error);
    if (m == nullptr)
        return start_result::failed;
    auto* w = armed_.find(op.word(), s->note_of(op.word()));
    // A word that was armed already has somebody in front, and whatever ring is under way is answered for both.
    if (w == nullptr) {
        w = &arm(op.word(), *m);
        const auto why = op.try_once();
        if (why == attempt::done) {
            disarm(*w, op);
            settle();
            return start_result::done;
        }
        note_why(*w, why, op.held_by());
    }
    // Only now, when it is certain: an event loop must not see waiting() go up and down again, and watch for nothing.
    enlist(p, op, *w);
    settle();
    return start_result::waiting;
}

bool reactor_state::cancel(pending& p) noexcept {
    return cancel_found([&p] { return p.state_ == pending::state::waiting ? &p : nullptr; });
}

bool reactor_state::cancel_if_waiting(const pending* p) noexcept {
    return cancel_found([this, p] { return among_the_waiting(p); });
}

template <class Find>
bool reactor_state::cancel_found(Find&& find) noexcept {
    finished_waits over;
    {
        const std::scoped_lock guard(lock_);
        auto* const found = find();
        if (found == nullptr)
            return false;
        leave_line(*found, over);
        over.add(*found, wait_result::cancelled);
        settle();
    }
    over.announce();
    return true;
}

void reactor_state::dispatch(bool first_handle_is_silenced) {
    finished_waits over;
    {
        const std::scoped_lock guard(lock_);
        // In this order: a ring that comes after the silence sounds the bell anew, since the ring state says quiet; a
        // note left before the ring state was cleared is among those taken.
        auto heard = backend::bell::heard::nothing_special;
        if (!first_handle_is_silenced || ++unsilenced_ >= rings_before_silence_) {
            unsilenced_ = 0;
            heard = bell_->silence();
        }
        mailbox_.quieten();
        over.add_all(aborted_);
        waiting_ -= std::exchange(aborted_count_, 0);

        // THE AWAITING LOOP
        mailbox_.take_notes([&](note n) { armed_.for_each_noted(n, [&](armed_word& w) { serve(w, over); }); });
        if (heard != backend::bell::heard::nothing_special)
            look_everywhere(heard, over);
        if (waiting_ != 0) {
            const auto now = backend::steady_ns();
            expire(now, over);
            look_for_the_dead(now, over);
        }
        settle();
    }
    over.announce();
}

pending* reactor_state::among_the_waiting(const pending* p) const noexcept {
    pending* found = nullptr;
    armed_.for_each([&found, p](const armed_word& w) {
        for (auto* waiting = w.first; waiting != nullptr; waiting = waiting->next_)
            if (waiting == p)
                found = waiting;
    });
    return found;
}

/// What the word's first wait was last told. If somebody's death would bring it what it waits for, that is listened
/// for; and where a lock's owner may die unheard, it is looked at now and then.
void reactor_state::note_why(armed_word& w, attempt why, owner_token owner) noexcept {
    const bool for_owner = why == attempt::wait_for_owner;
    const bool is_mine = owner == this_process(); // who waits here will not see that end
    const auto listened_for = (for_owner || why == attempt::wait_or_death) && !is_mine ? owner : nobody;
    if (listened_for != w.owner) {
        if (w.owner != nobody)
            bell_->stop_listening_for_death_of(w.owner);
        w.owner = listened_for;
        w.death_is_heard = listened_for != nobody && bell_->listen_for_death_of(listened_for);
    }
    const bool looks = for_owner && !is_mine && !w.death_is_heard;
    if (looks == w.looks_at_owner)
        return;
    w.looks_at_owner = looks;
    if (!looks)
        --words_that_look_;
    else if (words_that_look_++ == 0)
        next_owner_check_ns_ = backend::steady_ns() + owner_check_ns();
}

/// Tries for each wait of the word in turn. A wait that does not get it keeps those behind it waiting too.
void reactor_state::serve(armed_word& w, finished_waits& over) noexcept {
    for (auto* p = w.first; p != nullptr;) {
        auto* const next = p->next_;
        if (const auto why = p->operation_->try_once(); why != attempt::done)
            return note_why(w, why, p->operation_->held_by());
        delist(*p); // frees w if p was the last
        over.add(*p, wait_result::done);
        p = next;
    }
}

/// The wait gives up. Those behind the first may want less than it did, and be tried for nothing else.
void reactor_state::leave_line(pending& p, finished_waits& over) noexcept {
    auto& w = *p.armed_;
    const bool was_first = w.first == &p && p.next_ != nullptr;
    delist(p);
    if (was_first)
        serve(w, over);
}

template <class Which>
void reactor_state::serve_every(Which&& which, finished_waits& over) noexcept {
    armed_.for_each([&](armed_word& w) {
        if (which(w))
            serve(w, over);
    });
}

/// What was heard does not say for which word it was meant.
void reactor_state::look_everywhere(backend::bell::heard why, finished_waits& over) noexcept {
    if (why != backend::bell::heard::a_region)
        forget_who_lived();
    serve_every([](const armed_word&) { return true; }, over);
    if (why != backend::bell::heard::a_departure || looks_once_more_)
        return;
    looks_once_more_ = true;
    if (words_that_look_ == 0)
        next_owner_check_ns_ = backend::steady_ns() + owner_check_ns();
}

void reactor_state::expire(std::int64_t now, finished_waits& over) noexcept {
    const auto first = [this] { return deadlines_.earliest(); };
    for (auto* p = first(); p != nullptr && p->until() <= deadline::at_ns(now); p = first()) {
        leave_line(*p, over);
        over.add(*p, wait_result::timed_out);
    }
}

// Whoever died between changing something and ringing for it left a debt that only this pays.
void reactor_state::look_for_the_dead(std::int64_t now, finished_waits& over) noexcept {
    if (now >= next_recheck_ns_) {
        next_recheck_ns_ = now + recheck_ns();
        next_owner_check_ns_ = now + owner_check_ns();
        serve_every([](const armed_word&) { return true; }, over);
    } else if (looks_at_owners() && now >= next_owner_check_ns_) {
        next_owner_check_ns_ = now + owner_check_ns();
        const bool at_all = std::exchange(looks_once_more_, false);
        serve_every([at_all](const armed_word& w) { return at_all || w.looks_at_owner; }, over);
    }
}

void reactor_state::handle_closed(segment& s, bool was_last) noexcept {
    const std::scoped_lock guard(lock_);
    const auto it = memberships_.find(&s);
    if (it == memberships_.end())
        return;
    if (was_last)
        abort_waits(it->second);
    some_may_be_left_ = true;
    settle();
    // The notes of a reactor that was inherited by fork are its parent's: its waits learn of it when it is opened anew.
    if (aborted_count_ != 0 && !inherited_)
        mailbox_.notify(*ringer_, note{0});
}

void reactor_state::abort_waits(const membership& m) noexcept {
    armed_.for_each([this, &m](armed_word& w) {
        if (w.at != &m)
            return;
        for (auto* p = w.first; p != nullptr;) {
            auto* const behind = p->next_;
            delist(*p);
            aborted_.add(*p, wait_result::aborted);
            ++aborted_count_;
            ++waiting_;
            p = behind;
        }
    });
}

// --------------------------------------------------------------------------------------------- seats and armed words

membership* reactor_state::join(const std::shared_ptr<segment>& s, std::error_code& error) {
    const auto [it, is_new] = memberships_.try_emplace(s.get());
    auto& m = it->second;
    if (!is_new)
        return &m;
    const auto seat = sit_down(*s, error);
    if (!seat) {
        memberships_.erase(it);
        return nullptr;
    }
    m = {s, *seat};
    return &m;
}

std::optional<std::size_t> reactor_state::sit_down(segment& s, std::error_code& error) noexcept {
    const auto seat = take_seat(s, bell_->address(), error);
    if (!seat)
        return std::nullopt;
    error = bell_->listen(s.region());
    if (!error || (backend::forced_mechanism() != backend::forced::segment && whom_ == serves::an_event_loop))
        return seat;
    // There is no other way to reach this reactor: it would wait and not hear. Or a thread would, which everybody can
    // reach while it sleeps as threads do.
    leave_seat(s, *seat);
    return std::nullopt;
}

void reactor_state::leave(membership& m) noexcept {
    bell_->stop_listening(m.segment->region());
    if (!inherited_)
        leave_seat(*m.segment, m.seat);
}

void reactor_state::leave_the_closed() noexcept {
    for (auto it = memberships_.begin(); it != memberships_.end();) {
        auto& m = it->second;
        if (m.armed != 0 || !m.segment->is_closed()) {
            ++it;
            continue;
        }
        leave(m);
        it = memberships_.erase(it);
    }
}

/// Announces this reactor on the word. The caller tries once more afterwards.
armed_word& reactor_state::arm(wait_word& word, membership& m) {
    auto& w = armed_.add(word, m, m.segment->note_of(word));
    ++m.armed;
    announce(*m.segment, m.seat, word);
    return w;
}

/// Nobody is left on the word. The ring that brought the last one what it wanted may have been one of several, meant
/// for somebody else, too: if there is more to be had, somebody else is woken.
void reactor_state::disarm(armed_word& w, const operation& last) noexcept {
    if (!inherited_)
        withdraw(*w.at->segment, w.at->seat, *w.word);
    if (last.ready())
        wake_one(*w.word);
    note_why(w, attempt::done, nobody);
    if (--w.at->armed == 0 && w.at->segment->is_closed())
        some_may_be_left_ = true;
    armed_.remove(w);
}

void reactor_state::enlist(pending& p, operation& op, armed_word& w) {
    deadlines_.add(p);
    p.operation_ = &op;
    p.armed_ = &w;
    p.state_ = pending::state::waiting;
    p.previous_ = w.last;
    p.next_ = nullptr;
    (w.last == nullptr ? w.first : w.last->next_) = &p;
    w.last = &p;
    if (waiting_++ == 0)
        next_recheck_ns_ = backend::steady_ns() + recheck_ns();
}

void reactor_state::delist(pending& p) noexcept {
    auto& w = *p.armed_;
    (p.previous_ == nullptr ? w.first : p.previous_->next_) = p.next_;
    (p.next_ == nullptr ? w.last : p.next_->previous_) = p.previous_;
    deadlines_.remove(p);
    p.state_ = pending::state::finished;
    p.armed_ = nullptr;
    --waiting_;
    if (w.first == nullptr)
        disarm(w, *p.operation_);
}

// -------------------------------------------------------------------------------------------------- what others ask

void reactor_state::settle() noexcept {
    if (std::exchange(some_may_be_left_, false))
        leave_the_closed();
    auto next = deadline::never().steady_ns();
    if (waiting_ != 0)
        next = next_recheck_ns_;
    else
        looks_once_more_ = false;
    if (looks_at_owners())
        next = std::min(next, next_owner_check_ns_);
    if (const auto* const p = deadlines_.earliest())
        next = std::min(next, p->until().steady_ns());
    next_moment_ns_.store(next);
}

deadline reactor_state::next_deadline() const noexcept {
    return deadline::at_ns(next_moment_ns_.load());
}

std::size_t reactor_state::waiting() const noexcept {
    return waiting_.load();
}

// ---------------------------------------------------------------------------------------------------------- fork

void reactor_state::unlock_in_child() noexcept {
    bell_->abandon();
    inherited_ = true;
    lock_.unlock();
}

void reactor_state::reopen_after_fork() {
    const std::scoped_lock guard(lock_);
    // Whom the parent's bell listened for; the next try finds out anew.
    armed_.for_each([](armed_word& w) { w.owner = nobody; });
    make_bell();
    // The child announces itself anew, beside its parent. From here on what it knows of is its own.
    for (auto it = memberships_.begin(); it != memberships_.end(); ++it) {
        std::error_code error;
        if (const auto seat = sit_down(*it->first, error)) {
            it->second.seat = *seat;
            continue;
        }
        // As if it had not been tried.
        for (auto taken = memberships_.begin(); taken != it; ++taken)
            leave_seat(*taken->first, taken->second.seat);
        peers::instance().forget(this_process(), bell_->address());
        raise(error, quoted("a reactor's seat in", it->first->name()));
    }
    inherited_ = false;
    armed_.for_each([](const armed_word& w) { announce(*w.at->segment, w.at->seat, *w.word); });
    next_recheck_ns_ = 0; // the next dispatch tries for all of them
    settle();
}

} // namespace crosswake::detail

namespace crosswake {

bool pending::object_is_closed() const noexcept {
    return pin_ != nullptr && static_cast<const detail::segment*>(pin_.get())->is_closed();
}

reactor::reactor() : state_(std::make_unique<detail::reactor_state>()) {}
reactor::~reactor() = default;

std::span<const native_handle> reactor::handles() const noexcept {
    return state_->handles();
}

start_result reactor::start(pending& p, operation& op, std::error_code& error) {
    return state_->start(p, op, error);
}

bool reactor::cancel(pending& p) noexcept {
    return state_->cancel(p);
}

bool reactor::cancel_if_waiting(const pending* p) noexcept {
    return state_->cancel_if_waiting(p);
}

void reactor::dispatch() {
    state_->dispatch(false);
}

void reactor::dispatch_silenced() {
    state_->dispatch(true);
}

bool reactor::rings_are_edges() const noexcept {
    return state_->rings_are_edges();
}

deadline reactor::next_deadline() const noexcept {
    return state_->next_deadline();
}

std::size_t reactor::waiting() const noexcept {
    return state_->waiting();
}

void reactor::reopen_after_fork() {
    state_->reopen_after_fork();
}

} // namespace crosswake
