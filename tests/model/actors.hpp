// Short programs around one primitive: some take, some give, each in a process of its own.
#pragma once

#include <sim/explorer.hpp>

#include <core/segment.hpp>
#include <core/settings.hpp>
#include <crosswake/error.hpp>
#include <crosswake/named.hpp>
#include <crosswake/operation.hpp>
#include <crosswake/reactor.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace crosswake::model {

/// How a program waits.
enum class way : unsigned char {
    blocks,
    awaits,       // in a reactor; all its waits at once
    awaits_apart, // in a reactor, one after the other is over
};

/// One program: so many operations of one kind.
struct program {
    unsigned kind = 0;
    unsigned times = 1;
    way waits = way::blocks;
    bool gives_up = false; // each wait has a deadline
    bool cancels = false;  // the last wait is cancelled, at whatever moment
    bool edges = false;    // the loop around the reactor goes by edges
    bool leaves = false;   // its reactor goes at the end, and gives its seat back
    bool too_many = false; // finds no seat
    bool succeeds = false; // is a thread of process 0, after that one has run another program
};

/// What a fresh process gives while somebody is stopped, for all others to get what is there: one more, and one for
/// each reactor, since a stopped one can swallow a ring that it has not heard yet.
inline program help(program giver, const std::vector<program>& programs) {
    giver.times = 1 + static_cast<unsigned>(std::count_if(programs.begin(), programs.end(),
                                                          [](const program& p) { return p.waits != way::blocks; }));
    return giver;
}

/// Where the reactors of a scenario sit.
enum class seating : unsigned char {
    taken_before, // each has its seat when the run begins
    taken_now,    // takes it in the run
    crowd,        // all private seats are taken by others: they share the crowd's bit
    busy_crowd,   // the same, and each awaits more already than its seat can name
};

/// One wait in a reactor.
struct wait_record final : pending {
    explicit wait_record(deadline until) : pending(until) {}
    void completed(wait_result r) noexcept override {
        result = r;
        over = true;
    }
    wait_result result{};
    bool over = false;
};

/// The programs around one Object. What is left to the primitive: its operations, and what must hold.
template <class Object>
class contest : public sim::scenario {
public:
    contest(std::vector<program> programs, std::optional<program> epilogue, seating sits)
        : programs_(std::move(programs)), with_epilogue_(epilogue.has_value()),
          count_(static_cast<unsigned>(programs_.size())), seating_(sits) {
        if (epilogue)
            programs_.push_back(*epilogue);
        handles_.resize(programs_.size());
        reactors_.resize(programs_.size());
        refused_.resize(programs_.size());
    }

    [[nodiscard]] unsigned processes() const override { return count_; }
    [[nodiscard]] bool has_epilogue() const override { return with_epilogue_; }

    void set_up(unsigned p) override {
        // In no process's interest, and in none's way: time does not pass by itself here.
        set_spin_limit(std::chrono::nanoseconds(0));
        set_recheck_interval(std::chrono::nanoseconds(sim::recheck_ns));
        core::set_owner_check_ns(sim::owner_check_ns);
        handles_[p] = open(p == 0);
        first_ = p == 0 ? &object(0) : first_;
        if (programs_[p].waits == way::blocks)
            return;
        auto& object = handles_[p]->operator*();
        const bool in_crowd = seating_ == seating::crowd || seating_ == seating::busy_crowd;
        if (p == 0 && in_crowd)
            take_seats(0, core::private_seats, sim::token_of(0));
        reactors_[p] = std::make_unique<reactor>();
        if (seating_ == seating::taken_now)
            return;
        take_seat(object, *reactors_[p]);
        if (seating_ == seating::busy_crowd)
            await_much_more(p);
        for (auto& r : reactors_)
            if (r != nullptr)
                r->dispatch(); // whatever that rang
    }

    [[nodiscard]] std::span<const std::byte> plain() const override {
        return {sim::address_of(sim::place_of(object_start()), sim::judge), object_bytes()};
    }
    std::string name_of(sim::place at) const override {
        const auto object = sim::place_of(object_start());
        constexpr std::size_t seats_bytes = core::private_seats * sizeof(core::seat_layout);
        const auto& region = sim::regions()[0];
        const auto crowd = region.at + region.bytes - core::crowd_seats * sizeof(core::crowd_seat_layout);
        if (at >= crowd)
            return crowd_seat_name(at - crowd);
        if (at >= object)
            return field(at - object);
        if (at >= object - seats_bytes)
            return seat_name("seats", at - (object - seats_bytes), sizeof(core::seat_layout));
        return at == object - seats_bytes - 4 ? "crowd_used" : "";
    }

protected:
    using handle = std::unique_ptr<named<Object>>;
    virtual handle open(bool create) = 0;
    /// Starts a wait there and cancels it, so that the reactor has a seat.
    virtual void take_seat(Object& object, reactor& r) = 0;
    virtual std::string field(std::size_t offset) const = 0;
    [[nodiscard]] virtual std::size_t object_bytes() const { return sizeof(Object); }
    [[nodiscard]] virtual const std::byte* object_start() const { return reinterpret_cast<const std::byte*>(first_); }

    [[nodiscard]] Object& object(unsigned p) const { return *handles_[p]->get(); }
    /// Of the judge, who takes no steps.
    [[nodiscard]] Object& judged() const { return sim::judged(*first_); }
    [[nodiscard]] const program& of(unsigned p) const { return programs_[p]; }
    [[nodiscard]] unsigned all() const { return static_cast<unsigned>(programs_.size()); }

    /// At rest: it waits for something.
    [[nodiscard]] bool waits(unsigned p, unsigned kind) const {
        return (p < count_ || has_come_) && programs_[p].kind == kind && !sim::is_dead(p) && !sim::is_finished(p) &&
               !sim::is_stopped(p);
    }
    /// Closes its handle.
    void close(unsigned p) { handles_[p].reset(); }
    void come(unsigned p) { has_come_ = has_come_ || p == count_; }
    [[nodiscard]] bool has_come() const { return has_come_; }
    /// There was no seat for it.
    [[nodiscard]] bool was_refused(unsigned p) const { return refused_[p]; }

    /// All the waits of the program of process p. make(i) is the operation, took(operation) says what to do when it has
    /// succeeded, and returns false if there is no use in going on.
    template <class Make, class Took>
    void take(unsigned p, Make&& make, Took&& took) {
        const auto& what = programs_[p];
        const auto until = what.gives_up ? deadline::at_ns(sim::start_of_time() + 10'000'000) : deadline::never();
        if (what.waits == way::blocks) {
            for (unsigned i = 0; i < what.times; ++i)
                if (auto op = make(i); wait(op, until) && !took(op))
                    return;
            return;
        }
        using operation_type = decltype(make(0));
        std::deque<operation_type> operations;
        std::deque<wait_record> records;
        std::deque<bool> settled;
        const auto settle = [&] {
            bool goes_on = true;
            for (std::size_t i = 0; i < records.size(); ++i)
                if (records[i].over && !std::exchange(settled[i], true) && records[i].result == wait_result::done)
                    goes_on = took(operations[i]) && goes_on;
            return goes_on;
        };
        for (unsigned i = 0; i < what.times; ++i) {
            operations.push_back(make(i));
            records.emplace_back(until);
            settled.push_back(false);
            std::error_code error;
            switch (reactors_[p]->start(records.back(), operations.back(), error)) {
            case start_result::done:
                settled.back() = true;
                if (!took(operations.back()))
                    return;
                break;
            case start_result::timed_out:
                settled.back() = true;
                break;
            case start_result::failed:
                refused_[p] = what.too_many && error == errc::too_many_reactors;
                if (refused_[p])
                    return;
                sim::fail("a wait cannot begin: " + error.message());
            case start_result::waiting:
                break;
            }
            if (what.waits == way::awaits && i + 1 < what.times)
                continue;
            while (reactors_[p]->waiting() != 0) {
                if (what.cancels && i + 1 == what.times && !settled.back() && sim::any_of(2) == 1)
                    reactors_[p]->cancel(records.back());
                else
                    dispatch(*reactors_[p], what.edges);
                if (!settle())
                    return;
            }
        }
        if (what.leaves)
            reactors_[p].reset();
    }

    /// Somebody sits there who does nothing else.
    void take_seats(std::size_t first, std::size_t end, detail::owner_token who) {
        auto& s = *detail::segment::holding(object_start());
        for (std::size_t i = first; i < end; ++i) {
            if (i >= core::private_seats)
                (void)s.open_crowd_seat(i);
            s.seat(i).owner.store(who);
        }
    }

    static std::string at_rest(unsigned p) { return "P" + std::to_string(p) + " waits for what is there"; }

private:
    static std::string seat_name(std::string table, std::size_t offset, std::size_t seat_bytes) {
        return table + '[' + std::to_string(offset / seat_bytes) + (offset % seat_bytes == 0 ? "].owner" : "].bell");
    }
    static std::string crowd_seat_name(std::size_t offset) {
        constexpr auto bytes = sizeof(core::crowd_seat_layout);
        const auto in_seat = offset % bytes;
        if (in_seat < sizeof(core::seat_layout))
            return seat_name("crowd", offset, bytes);
        return "crowd[" + std::to_string(offset / bytes) +
               (in_seat < offsetof(core::crowd_seat_layout, unnamed) ? "].named" : "].unnamed");
    }
    /// Whoever has just sat down in the crowd awaits other words of the object already.
    void await_much_more(unsigned p) {
        auto& s = *detail::segment::holding(&object(p));
        auto& says = s.crowd_seat(core::private_seats + s.crowd_used() - 1);
        constexpr std::uint32_t no_word_of_the_programs = 1;
        for (auto& name : says.named)
            name.store(no_word_of_the_programs);
        says.unnamed.store(1);
    }
    static void dispatch(reactor& r, bool edges) {
        if (edges && sim::poll_edges(r.next_deadline())) {
            r.dispatch_silenced();
            return;
        }
        if (!edges)
            sim::poll(r.next_deadline());
        r.dispatch();
    }
    std::vector<program> programs_;
    bool with_epilogue_;
    bool has_come_ = false;
    unsigned count_;
    seating seating_;
    Object* first_ = nullptr; // as process 0 sees it
    std::vector<handle> handles_;
    std::vector<std::unique_ptr<reactor>> reactors_;
    std::vector<bool> refused_;
};

/// A name for what is in a wait word.
inline std::string word_name(const std::string& word, std::size_t offset) {
    return word + (offset < 4 ? ".epoch" : offset < 8 ? ".turn" : offset < 16 ? ".seats" : ".next");
}

} // namespace crosswake::model
