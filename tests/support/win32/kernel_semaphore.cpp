#include <support/kernel_semaphore.hpp>

#include <win32/handle.hpp>

#include <limits>
#include <system_error>

namespace crosswake::test {

struct kernel_semaphore::place {
    win32::handle semaphore;
};

kernel_semaphore::kernel_semaphore(const std::string& name)
    : place_(std::make_unique<place>(place{win32::handle(
          ::CreateSemaphoreA(nullptr, 0, std::numeric_limits<LONG>::max(), ("Local\\" + name).c_str()))})) {
    if (!place_->semaphore)
        throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), "CreateSemaphore");
}

kernel_semaphore::~kernel_semaphore() = default;

void kernel_semaphore::acquire() {
    ::WaitForSingleObject(place_->semaphore.get(), INFINITE);
}

void kernel_semaphore::release() {
    ::ReleaseSemaphore(place_->semaphore.get(), 1, nullptr);
}

} // namespace crosswake::test
