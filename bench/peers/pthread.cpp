// glibc: mutexes and semaphores shared between processes.
#include <peers/roles.hpp>
#include <support/shared.hpp>

#include <cerrno>
#include <stdexcept>

#include <pthread.h>
#include <semaphore.h>

namespace bench::peer_pthread {
namespace {

template <int Shared, int Robust>
class mutex {
public:
    mutex() {
        pthread_mutexattr_t how;
        pthread_mutexattr_init(&how);
        pthread_mutexattr_setpshared(&how, Shared);
        pthread_mutexattr_setrobust(&how, Robust);
        if (pthread_mutex_init(&*mutex_, &how) != 0)
            throw std::runtime_error("pthread_mutex_init");
    }
    void lock() {
        if (const int e = pthread_mutex_lock(&*mutex_); e == EOWNERDEAD)
            pthread_mutex_consistent(&*mutex_);
        else if (e != 0)
            throw std::runtime_error("pthread_mutex_lock");
    }
    void unlock() { pthread_mutex_unlock(&*mutex_); }

private:
    bench::shared<pthread_mutex_t> mutex_;
};

class posix_semaphore {
public:
    posix_semaphore() {
        if (sem_init(&*semaphore_, 1, 0) != 0)
            throw std::runtime_error("sem_init");
    }
    void post() { sem_post(&*semaphore_); }
    void wait() {
        while (sem_wait(&*semaphore_) != 0) {
        }
    }

private:
    shared<sem_t> semaphore_;
};

using plain = mutex<PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED>;
using process_shared = mutex<PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_STALLED>;
using robust = mutex<PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST>;

const bool known = [] {
    add("uncontended_lock", "pthread plain", uncontended_lock<plain>); // between threads only
    add_lock<process_shared>("pthread shared");
    add_lock<robust>("pthread robust");
    add_signal<posix_semaphore>("sem_t");
    return true;
}();

} // namespace
} // namespace bench::peer_pthread
