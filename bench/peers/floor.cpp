// What the machine allows: the least that could be written for each purpose. None of it knows the dead, deadlines or an
// event loop.
#include <peers/roles.hpp>
#include <support/shared.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <vector>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench::peer_floor {
namespace {

using word = std::atomic<std::uint32_t>;

void futex_wait(word& w, std::uint32_t seen) {
    syscall(SYS_futex, &w, FUTEX_WAIT, seen, nullptr, nullptr, 0);
}
/// For a second at most, to a moment on the steady clock: as a wait of this library's sleeps.
void futex_wait_a_second(word& w, std::uint32_t seen) {
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &end);
    ++end.tv_sec;
    syscall(SYS_futex, &w, FUTEX_WAIT_BITSET, seen, &end, nullptr, FUTEX_BITSET_MATCH_ANY);
}
void futex_wake_one(word& w) {
    syscall(SYS_futex, &w, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void pause_a_little() {
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

class cas_lock {
public:
    void lock() {
        for (std::uint32_t free = 0; !word_->compare_exchange_weak(free, 1, std::memory_order_acquire); free = 0)
            pause_a_little();
    }
    void unlock() { word_->store(0, std::memory_order_release); }

private:
    shared<word> word_{0u};
};

/// 0 free, 1 held, 2 held and somebody may sleep.
class futex_lock {
public:
    void lock() {
        std::uint32_t now = 0;
        if (word_->compare_exchange_strong(now, 1, std::memory_order_acquire))
            return;
        while (word_->exchange(2, std::memory_order_acquire) != 0)
            futex_wait(*word_, 2);
    }
    void unlock() {
        if (word_->exchange(0, std::memory_order_release) == 2)
            futex_wake_one(*word_);
    }

protected:
    shared<word> word_{0u};
};

/// The same, and looks for a while before it sleeps.
class looking_futex_lock : public futex_lock {
public:
    void lock() {
        for (int looks = 0; looks < 200 && word_->load(std::memory_order_relaxed) != 0; ++looks)
            pause_a_little();
        futex_lock::lock();
    }
};

/// Always makes the system call: that is what it is there to show.
template <void (*Sleep)(word&, std::uint32_t)>
class futex_signal {
public:
    void post() {
        word_->store(1);
        futex_wake_one(*word_);
    }
    void wait() {
        while (word_->exchange(0) == 0)
            Sleep(*word_, 0);
    }

private:
    shared<word> word_{0u};
};

class spin_signal {
public:
    void post() { word_->store(1, std::memory_order_release); }
    void wait() {
        while (word_->load(std::memory_order_acquire) == 0)
            pause_a_little();
        word_->store(0, std::memory_order_relaxed);
    }

private:
    shared<word> word_{0u};
};

/// A ring for any number of producers and consumers: each slot has a number that says whose turn it is. Who finds it
/// full or empty spins.
template <std::size_t Size>
class spin_ring {
    struct slot {
        alignas(64) std::atomic<std::uint64_t> turn;
        alignas(64) message<Size> m;
    };
    struct small_slot {
        std::atomic<std::uint64_t> turn;
        message<Size> m;
    };
    using slot_type = std::conditional_t<(Size > 64), slot, small_slot>;
    struct ends {
        alignas(64) std::atomic<std::uint64_t> tail{0};
        alignas(64) std::atomic<std::uint64_t> head{0};
    };

public:
    explicit spin_ring(const traffic& t)
        : slots_(t.slots), memory_(mmap(nullptr, slots_ * sizeof(slot_type), PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        if (memory_ == MAP_FAILED)
            throw std::runtime_error("no memory to share");
        for (std::size_t i = 0; i < slots_; ++i)
            at(i).turn.store(i);
    }
    spin_ring(const spin_ring&) = delete;
    spin_ring& operator=(const spin_ring&) = delete;
    ~spin_ring() { munmap(memory_, slots_ * sizeof(slot_type)); }

    void send(const message<Size>& m) {
        const auto number = ends_->tail.fetch_add(1, std::memory_order_relaxed);
        auto& s = at(number);
        while (s.turn.load(std::memory_order_acquire) != number)
            pause_a_little();
        std::memcpy(static_cast<void*>(&s.m), &m, Size);
        s.turn.store(number + 1, std::memory_order_release);
    }
    void receive(message<Size>& m) {
        const auto number = ends_->head.fetch_add(1, std::memory_order_relaxed);
        auto& s = at(number);
        while (s.turn.load(std::memory_order_acquire) != number + 1)
            pause_a_little();
        std::memcpy(static_cast<void*>(&m), &s.m, Size);
        s.turn.store(number + slots_, std::memory_order_release);
    }

private:
    slot_type& at(std::uint64_t number) { return static_cast<slot_type*>(memory_)[number % slots_]; }

    std::size_t slots_;
    void* memory_;
    shared<ends> ends_;
};

const bool known = [] {
    add_spinning_lock<cas_lock>("CAS and store");
    add_lock<futex_lock>("futex, three states");
    add_lock<looking_futex_lock>("futex, looks first");
    add_counting_signal<futex_signal<futex_wait>>("futex");
    add_counting_signal<futex_signal<futex_wait_a_second>>("futex, for a second");
    add_spinning_signal<spin_signal>("spinning");
    add_streaming<spin_ring>("spinning ring");
    return true;
}();

} // namespace
} // namespace bench::peer_floor
