// A thread that is about to wait for something, and the means to know that it does.
#pragma once

#include <support/system.hpp>

#include <atomic>
#include <thread>
#include <utility>

namespace crosswake::test {

class sleeper {
public:
    template <class Body>
    explicit sleeper(Body body)
        : thread_([this, body = std::move(body)]() mutable {
              number_.store(this_thread());
              body();
          }) {}
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
    ~sleeper() { join(); }

    /// Returns when the thread sleeps.
    void until_asleep() const {
        while (number_.load() == 0)
            std::this_thread::yield();
        test::until_asleep(number_.load());
    }
    void join() {
        if (thread_.joinable())
            thread_.join();
    }

private:
    std::atomic<thread_number> number_{0};
    std::thread thread_;
};

} // namespace crosswake::test
