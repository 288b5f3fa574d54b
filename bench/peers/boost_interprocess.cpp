// Boost.Interprocess, as its documentation shows it.
#include <peers/roles.hpp>
#include <support/fresh_name.hpp>
#include <support/shared.hpp>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/sync/interprocess_condition.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#include <boost/interprocess/sync/named_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <string>

namespace bench::peer_boost_interprocess {
namespace {

namespace ipc = boost::interprocess;

class mutex {
public:
    void lock() { mutex_->lock(); }
    void unlock() { mutex_->unlock(); }

private:
    shared<ipc::interprocess_mutex> mutex_;
};

/// Made under a name that goes at once: what is open stays open, and a killed run leaves nothing behind.
class named_mutex {
public:
    named_mutex() { ipc::named_mutex::remove(name_.c_str()); }
    void lock() { mutex_.lock(); }
    void unlock() { mutex_.unlock(); }

private:
    std::string name_ = fresh_name();
    ipc::named_mutex mutex_{ipc::create_only, name_.c_str()};
};

class semaphore {
public:
    void post() { semaphore_->post(); }
    void wait() { semaphore_->wait(); }

private:
    shared<ipc::interprocess_semaphore> semaphore_{0u};
};

/// A flag, a mutex and a condition: what an event is made of there.
class condition {
    struct event {
        ipc::interprocess_mutex mutex;
        ipc::interprocess_condition condition;
        bool is_set = false;
    };

public:
    void post() {
        const ipc::scoped_lock guard(event_->mutex);
        event_->is_set = true;
        event_->condition.notify_one();
    }
    void wait() {
        ipc::scoped_lock guard(event_->mutex);
        while (!event_->is_set)
            event_->condition.wait(guard);
        event_->is_set = false;
    }

private:
    shared<event> event_;
};

template <std::size_t Size>
class message_queue {
public:
    explicit message_queue(const traffic& t) : queue_(ipc::create_only, name_.c_str(), t.slots, Size) {
        ipc::message_queue::remove(name_.c_str());
    }
    void send(const message<Size>& m) { queue_.send(&m, Size, 0); }
    void receive(message<Size>& m) {
        ipc::message_queue::size_type got = 0;
        unsigned priority = 0;
        queue_.receive(&m, Size, got, priority);
    }

private:
    std::string name_ = fresh_name();
    ipc::message_queue queue_;
};

const bool known = [] {
    add_lock<mutex>("Boost mutex");
    add_lock<named_mutex>("Boost named_mutex");
    add_signal<semaphore>("Boost semaphore");
    add_counting_signal<condition>("Boost condition");
    add_shared_channel<message_queue>("Boost message_queue");
    return true;
}();

} // namespace
} // namespace bench::peer_boost_interprocess
