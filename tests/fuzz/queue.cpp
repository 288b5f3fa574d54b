// Hostile bytes as a queue whose capacity was given when it was made.
#include <fuzz/queue_acts.hpp>

using namespace crosswake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::stage<queue<std::uint32_t>> on(7);
    static fuzz::awaiting loop;
    return fuzz::play(on, loop, data, size, fuzz::queue_acts,
                      [&](fuzz::script& s, std::size_t what) { fuzz::act_on_queue(on.object(), loop, s, what); });
}
