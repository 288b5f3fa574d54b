// This library's queues, blocking a thread.
#include <peers/crosswake/object.hpp>
#include <peers/roles.hpp>

#include <crosswake/message_queue.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/work_queue.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>

namespace bench::peer_crosswake {
namespace {

/// Items that are large are pushed from and popped into their place, as one does who minds copying.
template <std::size_t Size>
class fifo {
    using item = message<Size>;
    static constexpr bool is_large = Size > 4096;

public:
    explicit fifo(const traffic& t) : queue_(t.slots) {}
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const item& m) {
        if constexpr (is_large)
            queue_->push_range({&m, 1});
        else
            queue_->push(m);
    }
    void receive(item& m) {
        if constexpr (is_large)
            queue_->pop_some({&m, 1});
        else
            m = queue_->pop();
    }
    void send_all(std::span<const item> items) { queue_->push_range(items); }
    std::size_t receive_some(std::span<item> items) { return queue_->pop_some(items); }

private:
    object<cw::queue<item>> queue_;
};

/// Each take is confirmed at once.
template <std::size_t Size>
class jobs {
    using item = message<std::min<std::size_t>(Size, 4096)>;

public:
    explicit jobs(const traffic& t) : queue_(t.slots) {
        if (Size > sizeof(item))
            throw cannot("a delivery has its item inside: large ones go elsewhere, and only their place is queued");
    }
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const message<Size>& m) { queue_->push(reinterpret_cast<const item&>(m)); }
    void receive(message<Size>& m) {
        auto d = queue_->take();
        reinterpret_cast<item&>(m) = d.item();
        d.confirm();
    }

private:
    object<cw::work_queue<item>> queue_;
};

/// The queue for messages of any size, each copied in and out like all others here: its place in the ring is lent, but
/// the program's data are elsewhere.
template <std::size_t Size>
class bytes {
    using item = message<Size>;

public:
    explicit bytes(const traffic& t) : queue_(t.slots * std::max<std::size_t>(Size, 64), t.slots) {}
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const item& m) { queue_->push(std::as_bytes(std::span(&m, 1))); }
    void receive(item& m) { queue_->pop(std::as_writable_bytes(std::span(&m, 1))); }

private:
    object<cw::message_queue> queue_;
};

/// The same where the data are made and used in the queue: the sender writes its number into every word of the place
/// that it reserved, and the receiver sums up every word where it lies. Nothing is copied.
template <std::size_t Size>
class bytes_in_place {
    static constexpr std::size_t words = Size / sizeof(std::uint64_t);

public:
    explicit bytes_in_place(const traffic& t) : queue_(t.slots * std::max<std::size_t>(Size, 64), t.slots) {}
    void enter(side /*s*/, std::size_t /*index*/) { queue_.enter(); }
    void send(const message<Size>& m) {
        auto place = queue_->reserve(Size);
        std::fill_n(reinterpret_cast<std::uint64_t*>(place.data().data()), words, m.number);
        place.commit();
    }
    void receive(message<Size>& m) {
        const auto place = queue_->receive();
        const auto* const first = reinterpret_cast<const std::uint64_t*>(place.data().data());
        std::array<std::uint64_t, std::min<std::size_t>(words, 8)> sums{}; // a line at a time
        for (std::size_t i = 0; i < words; i += sums.size())
            for (std::size_t j = 0; j < sums.size(); ++j)
                sums[j] += first[i + j];
        m.number = *first;
        if (std::accumulate(sums.begin(), sums.end(), std::uint64_t{0}) != m.number * words)
            throw std::runtime_error("what was read is not what was written");
    }

private:
    object<cw::message_queue> queue_;
};

const bool known = [] {
    add_shared_channel<fifo>("crosswake");
    add_shared_channel<jobs>("crosswake work_queue");
    add_shared_channel<bytes>("crosswake message_queue");
    add_streaming<bytes_in_place>("crosswake message_queue in place");
    add_trips<bytes_in_place>("crosswake message_queue in place");
    return true;
}();

} // namespace
} // namespace bench::peer_crosswake
