// Hostile bytes as a queue whose items are gone when they are confirmed, while this process has some in hand.
#include <fuzz/stage.hpp>

#include <crosswake/work_queue.hpp>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <vector>

using namespace crosswake;

namespace {

using item = std::array<char, 72>;
constexpr std::uint32_t capacity = 5;
constexpr std::size_t most_in_hand = 4;

struct hands {
    std::vector<delivery<item>> taken;

    void keep(delivery<item> d) {
        if (d && taken.size() < most_in_hand)
            taken.push_back(std::move(d));
    }
    /// One of them, which is in hand no longer; one that holds nothing, if there is none.
    delivery<item> one_of(fuzz::script& s) {
        if (taken.empty())
            return {};
        const auto which = taken.begin() + static_cast<std::ptrdiff_t>(s.one_of(taken.size()));
        auto one = std::move(*which);
        taken.erase(which);
        return one;
    }
};

constexpr std::size_t acts = 12;

void act(work_queue<item>& q, hands& h, fuzz::awaiting& loop, fuzz::script& s, std::size_t what) {
    const std::array<item, 4> some{};
    std::error_code error;
    switch (what) {
    case 0:
        (void)q.try_push(some[0]);
        break;
    case 1:
        (void)q.push_for(fuzz::some_timeout(s), some[0]);
        break;
    case 2:
        (void)q.try_push_some(std::span<const item>(some).first(s.one_of(some.size() + 1)));
        break;
    case 3:
        h.keep(q.try_take(error));
        break;
    case 4:
        h.keep(q.take_for(fuzz::some_timeout(s)));
        break;
    case 5:
        if (auto d = h.one_of(s))
            d.confirm();
        break;
    case 6:
        (void)h.one_of(s); // goes back
        break;
    case 7:
        q.close();
        break;
    case 8:
        if (q.size() > q.capacity() || q.in_hand() > q.capacity() || q.capacity() != capacity)
            std::abort();
        break;
    case 9:
        loop.start<detail::push_operation<item, detail::work_queue_ref<item>>>(s, q.ref(), some[0]);
        break;
    case 10:
        loop.start<detail::take_operation<item>>(s, q.ref());
        break;
    default:
        loop.dispatch();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<work_queue<item>> on(capacity);
    static fuzz::awaiting loop;
    hands h;
    return fuzz::play(on, loop, data, size, acts,
                      [&](fuzz::script& s, std::size_t what) { act(on.object(), h, loop, s, what); });
}
