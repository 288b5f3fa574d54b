// Hostile bytes as the seats of a segment, and as the list of its wait words.
#include <fuzz/stage.hpp>

#include <backend/bell.hpp>
#include <core/seats.hpp>
#include <crosswake/semaphore.hpp>

using namespace crosswake;

namespace {

/// Several words, so that a seat's bits lie at several places.
struct board {
    semaphore permits[6];
};

/// Some seats of the beginning, and the crowd's.
std::size_t some_seat(fuzz::script& s) {
    const auto n = s.byte();
    return n < 128 ? n % core::private_seats : core::private_seats + n % 128;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<board> on;
    on.most_crowd = ~std::uint32_t{0};
    auto& b = on.object();
    auto& segment = *detail::segment::holding(&b);
    static fuzz::awaiting loop;
    return fuzz::play(on, loop, data, size, 8, [&](fuzz::script& s, std::size_t what) {
        auto& one = b.permits[s.one_of(std::size(b.permits))];
        semaphore::acquire_operation wait{one};
        std::error_code error;
        core::clearing_limit limit;
        core::wake_up w{segment, wait.word(), limit};
        switch (what) {
        case 0:
            detail::wake_one(wait.word());
            break;
        case 1:
            detail::wake_all(wait.word());
            break;
        case 2:
            loop.start<semaphore::acquire_operation>(s, one);
            break;
        case 3:
            loop.dispatch();
            break;
        case 4:
            (void)core::ring_seat(w, some_seat(s), core::ring_whom::anybody);
            break;
        case 5:
            core::leave_seat(segment, some_seat(s));
            break;
        case 6:
            if (s.one_of(16) == 0)
                loop.renew();
            break;
        default:
            (void)core::take_seat(segment, on.chosen_word(s) >> 1, error);
        }
    });
}
