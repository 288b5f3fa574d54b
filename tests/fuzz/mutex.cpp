// Hostile bytes as a mutex.
#include <fuzz/stage.hpp>

#include <crosswake/mutex.hpp>

using namespace crosswake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<mutex> on;
    auto& door = on.object();
    static fuzz::awaiting loop;
    return fuzz::play(on, loop, data, size, 7, [&](fuzz::script& s, std::size_t what) {
        switch (what) {
        case 0:
            (void)door.try_lock();
            break;
        case 1:
            (void)door.try_lock_for(fuzz::some_timeout(s));
            break;
        case 2:
            door.unlock();
            break;
        case 3:
            door.mark_sound();
            break;
        case 4:
            (void)unique_lock(door, std::try_to_lock);
            break;
        case 5:
            loop.start<mutex::lock_operation>(s, door);
            break;
        default:
            loop.dispatch();
        }
    });
}
