// Hostile bytes as a semaphore.
#include <fuzz/stage.hpp>

#include <crosswake/semaphore.hpp>

using namespace crosswake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<semaphore> on(3, 1000);
    auto& permits = on.object();
    static fuzz::awaiting loop;
    return fuzz::play(on, loop, data, size, 6, [&](fuzz::script& s, std::size_t what) {
        switch (what) {
        case 0:
            permits.release();
            break;
        case 1:
            permits.release(s.one_of(2) == 0 ? s.byte() : s.number<std::int64_t>());
            break;
        case 2:
            (void)permits.try_acquire();
            break;
        case 3:
            (void)permits.try_acquire_for(fuzz::some_timeout(s));
            break;
        case 4:
            loop.start<semaphore::acquire_operation>(s, permits);
            break;
        default:
            loop.dispatch();
        }
    });
}
