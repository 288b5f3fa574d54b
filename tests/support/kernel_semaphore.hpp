// The system's own semaphore, which counts wake-ups: what the library's way of sleeping is compared with.
#pragma once

#include <memory>
#include <string>

namespace crosswake::test {

class kernel_semaphore {
public:
    /// At 0; or the one of that name, as long as everybody who has it has it open.
    explicit kernel_semaphore(const std::string& name);
    ~kernel_semaphore();
    kernel_semaphore(const kernel_semaphore&) = delete;
    kernel_semaphore& operator=(const kernel_semaphore&) = delete;

    void acquire();
    void release();

private:
    struct place;
    std::unique_ptr<place> place_;
};

} // namespace crosswake::test
