// Every run of short programs around a semaphore.
#include <model/actors.hpp>

#include <crosswake/semaphore.hpp>

using namespace crosswake;
using namespace crosswake::model;

namespace {

constexpr unsigned takes = 0;
constexpr unsigned gives = 1;

class permits final : public contest<semaphore> {
public:
    permits(std::vector<program> programs, std::optional<program> epilogue, seating sits)
        : contest(std::move(programs), epilogue, sits), taken_(all()), given_(all()), giving_(all()) {}

    void run(unsigned p) override {
        come(p);
        if (of(p).kind == takes) {
            take(p, [&](unsigned) { return semaphore::acquire_operation(object(p)); },
                 [&](auto&) {
                     ++taken_[p];
                     return true;
                 });
            return;
        }
        for (unsigned i = 0; i < of(p).times; ++i) {
            giving_[p] = true;
            object(p).release();
            giving_[p] = false;
            ++given_[p];
        }
    }

    void look() override {
        const auto left = judged().available();
        if (left < 0 || left > judged().maximum())
            sim::fail("the count is " + std::to_string(left));
    }

    void judge(bool while_stopped) override {
        const auto left = judged().available();
        for (unsigned p = 0; p < all(); ++p)
            if (waits(p, takes) && (left > 0 || (has_come() && !while_stopped)))
                sim::fail(at_rest(p));
        if (while_stopped)
            return;
        std::int64_t balance = -left;
        std::int64_t lost = 0; // at most, by those who died with a permit in hand
        std::int64_t more = 0; // at most, by those who died after giving one
        for (unsigned p = 0; p < all(); ++p) {
            balance += given_[p] - taken_[p];
            if (sim::is_dead(p)) {
                more += giving_[p] ? 1 : 0;
                lost += of(p).kind == takes ? of(p).times - taken_[p] : 0;
            }
        }
        if (balance + more < 0 || balance - lost > 0)
            sim::fail("permits given and taken: a balance of " + std::to_string(balance));
    }

private:
    handle open(bool create) override {
        return create ? std::make_unique<named<semaphore>>(create_only, "permits", 0)
                      : std::make_unique<named<semaphore>>(open_only, "permits");
    }
    void take_seat(semaphore& s, reactor& r) override {
        semaphore::acquire_operation op(s);
        wait_record record{deadline::never()};
        std::error_code error;
        (void)r.start(record, op, error);
        r.cancel(record);
    }
    std::string field(std::size_t offset) const override {
        return offset < 16 ? "permits" : word_name("sleepers", offset - 16);
    }

    std::vector<std::int64_t> taken_;
    std::vector<std::int64_t> given_;
    std::vector<bool> giving_;
};

sim::plan of(std::string name, sim::limits l, std::vector<program> programs, seating sits = seating::taken_before) {
    std::optional<program> epilogue;
    unsigned wanted = 0;
    for (const auto& p : programs)
        wanted += p.kind == takes ? p.times : 0;
    if (l.kills != 0)
        epilogue = program{.kind = gives, .times = wanted};
    return {std::move(name), l, true, [=] { return new permits(programs, epilogue, sits); }};
}

constexpr program thread{.kind = takes};
constexpr program timed_thread{.kind = takes, .gives_up = true};
constexpr program reactor_{.kind = takes, .waits = way::awaits};
constexpr program reactor_of_2{.kind = takes, .times = 2, .waits = way::awaits};
constexpr program cancelling{.kind = takes, .times = 2, .waits = way::awaits, .cancels = true};
constexpr program timed_reactor{.kind = takes, .waits = way::awaits, .gives_up = true};
constexpr program giver{.kind = gives};
constexpr program giver_of_2{.kind = gives, .times = 2};

} // namespace

int main() {
    return sim::explore({
        of("thread, giver", {.preemptions = 8, .spurious = 1}, {thread, giver}),
        of("reactor, giver", {.preemptions = 8, .spurious = 1}, {reactor_, giver}),
    });
}
