#include <support/kernel_semaphore.hpp>

#include <fcntl.h>
#include <semaphore.h>

#include <cerrno>
#include <system_error>

namespace crosswake::test {

struct kernel_semaphore::place {
    std::string path;
    sem_t* semaphore;
};

kernel_semaphore::kernel_semaphore(const std::string& name)
    : place_(std::make_unique<place>(place{'/' + name, ::sem_open(('/' + name).c_str(), O_CREAT, 0600, 0)})) {
    if (place_->semaphore == SEM_FAILED)
        throw std::system_error(errno, std::generic_category(), "sem_open");
}

kernel_semaphore::~kernel_semaphore() {
    ::sem_unlink(place_->path.c_str());
    ::sem_close(place_->semaphore);
}

void kernel_semaphore::acquire() {
    while (::sem_wait(place_->semaphore) != 0 && errno == EINTR) {
    }
}

void kernel_semaphore::release() {
    ::sem_post(place_->semaphore);
}

} // namespace crosswake::test
