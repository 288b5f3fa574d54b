// This library's lock, semaphore and event, blocking a thread.
#include <peers/crosswake/object.hpp>
#include <peers/roles.hpp>

#include <crosswake/event.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/operation.hpp>
#include <crosswake/semaphore.hpp>

#include <chrono>

namespace bench::peer_crosswake {
namespace {

class door {
public:
    void enter() { mutex_.enter(); }
    void lock() {
        if (mutex_->lock() == cw::lock_status::acquired_from_dead_owner)
            mutex_->mark_sound();
    }
    void unlock() { mutex_->unlock(); }

private:
    object<cw::mutex> mutex_;
};

class permits {
public:
    void enter(side /*s*/, std::size_t /*index*/) { semaphore_.enter(); }
    void post() { semaphore_->release(); }
    void wait() { semaphore_->acquire(); }

private:
    object<cw::semaphore> semaphore_;
};

/// What the looking before a sleep gains and costs is the difference from this.
class permits_never_looked_for : public permits {
public:
    void enter(side s, std::size_t index) {
        cw::set_spin_limit(std::chrono::nanoseconds(0));
        permits::enter(s, index);
    }
};

class notice {
public:
    void enter(side /*s*/, std::size_t /*index*/) { event_.enter(); }
    void post() { event_->set(); }
    void wait() { event_->wait(); }

private:
    object<cw::event> event_;
};

const bool known = [] {
    add_lock<door>("crosswake");
    add_counting_signal<permits>("crosswake semaphore");
    add_counting_signal<notice>("crosswake event");
    add("round_trip", "crosswake semaphore, spin limit 0", round_trip<permits_never_looked_for>);
    return true;
}();

} // namespace
} // namespace bench::peer_crosswake
