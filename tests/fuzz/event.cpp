// Hostile bytes as an event.
#include <fuzz/stage.hpp>

#include <crosswake/event.hpp>

using namespace crosswake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<event> manual(reset_mode::manual);
    static fuzz::stage<event> automatic(reset_mode::automatic);
    auto& on =
        size != 0 && data[size - 1] % 2 != 0 ? automatic : manual; // its last byte, which seldom says anything else
    auto& e = on.object();
    static fuzz::awaiting loop;
    return fuzz::play(on, loop, data, size, 6, [&](fuzz::script& s, std::size_t what) {
        switch (what) {
        case 0:
            e.set();
            break;
        case 1:
            e.reset();
            break;
        case 2:
            (void)e.try_wait();
            break;
        case 3:
            (void)e.wait_for(fuzz::some_timeout(s));
            break;
        case 4:
            loop.start<event::wait_operation>(s, e);
            break;
        default:
            loop.dispatch();
        }
    });
}
