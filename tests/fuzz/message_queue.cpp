// Hostile bytes as a queue of messages, while this process writes reservations and reads messages in place.
#include <fuzz/stage.hpp>

#include <crosswake/message_queue.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <vector>

using namespace crosswake;

namespace {

constexpr std::size_t capacity = 512;
constexpr std::size_t most_messages = 5;
constexpr std::size_t most_in_hand = 4; // of each

/// What this process has of the queue. All of its bytes are written, or read.
struct hands {
    std::vector<reservation> reserved;
    std::vector<message> received;

    void keep(reservation r) {
        std::fill(r.data().begin(), r.data().end(), std::byte{0x5a});
        if (r && reserved.size() < most_in_hand)
            reserved.push_back(std::move(r));
    }
    void keep(message m) {
        static volatile unsigned seen = 0;
        for (const auto b : m.data())
            seen = seen + static_cast<unsigned>(b);
        if (m && received.size() < most_in_hand)
            received.push_back(std::move(m));
    }
    /// One of them, which is in hand no longer; nothing, if there is none.
    template <class T>
    static T one_of(std::vector<T>& all, fuzz::script& s) {
        if (all.empty())
            return {};
        const auto which = all.begin() + static_cast<std::ptrdiff_t>(s.one_of(all.size()));
        auto one = std::move(*which);
        all.erase(which);
        return one;
    }
};

/// More than fits, at times.
std::size_t some_size(fuzz::script& s) {
    return s.one_of(4) * 64 * 3 + s.byte() % 66;
}

/// The queue as one who opens it now sees it, whatever it says of its slots.
message_queue opened_anew(const message_queue& q) {
    auto& core = q.ring().core();
    return detail::placement<message_queue>::look(&core, detail::segment::holding(&core)->object_bytes());
}

constexpr std::size_t acts = 16;

void act(message_queue& q, hands& h, fuzz::awaiting& loop, fuzz::script& s, std::size_t what) {
    std::array<std::byte, 100> some{};
    std::error_code error;
    switch (what) {
    case 0:
        h.keep(q.try_reserve(some_size(s), error));
        break;
    case 1:
        if (auto r = q.reserve_for(fuzz::some_timeout(s), some_size(s)))
            h.keep(std::move(*r));
        break;
    case 2:
        if (auto r = h.one_of(h.reserved, s))
            r.commit(s.one_of(2) == 0 ? r.size() : some_size(s));
        break;
    case 3:
        h.one_of(h.reserved, s).abort();
        break;
    case 4:
        h.keep(q.try_receive(error));
        break;
    case 5:
        if (auto m = q.receive_for(fuzz::some_timeout(s)))
            h.keep(std::move(*m));
        break;
    case 6:
        h.one_of(h.received, s).release();
        break;
    case 7:
        h.one_of(h.received, s).put_back();
        break;
    case 8:
        q.close();
        break;
    case 9:
        if (q.size() > q.max_messages() || q.capacity() != capacity || q.max_messages() != most_messages)
            std::abort();
        break;
    case 10:
        (void)q.try_push(std::span<const std::byte>(some).first(s.one_of(some.size())));
        break;
    case 11:
        (void)q.try_pop(std::span<std::byte>(some).first(s.one_of(some.size())));
        break;
    case 12:
        loop.start<detail::reserve_operation>(s, q.ring(), some_size(s));
        break;
    case 13:
        loop.start<detail::receive_operation>(s, q.ring());
        break;
    case 14: {
        auto other = opened_anew(q);
        h.keep(other.try_reserve(some_size(s), error));
        h.keep(other.try_receive(error));
        (void)other.size();
        break;
    }
    default:
        loop.dispatch();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<message_queue> on(capacity, most_messages);
    static fuzz::awaiting loop;
    hands h;
    return fuzz::play(on, loop, data, size, acts,
                      [&](fuzz::script& s, std::size_t what) { act(on.object(), h, loop, s, what); });
}
