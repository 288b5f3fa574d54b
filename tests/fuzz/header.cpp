// Hostile bytes as the file of a name that is opened.
#include <fuzz/queue_acts.hpp>

#include <support/raw_object.hpp>

#include <crosswake/event.hpp>
#include <crosswake/message_queue.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/semaphore.hpp>
#include <crosswake/work_queue.hpp>

using namespace crosswake;

namespace {

/// The bytes of an object as it is made, which the script then changes.
template <class T, class... Args>
std::vector<std::byte> as_made(const Args&... args) {
    const auto name = "fuzz-" + std::to_string(backend::random_number());
    const named<T> object{create_only, name, args...};
    const test::raw_object raw(name);
    std::vector<std::byte> bytes(raw.size());
    raw.read(0, bytes.data(), bytes.size());
    return bytes;
}

template <class T, class... Args>
void open_and_use(fuzz::script& s, fuzz::awaiting& loop, const std::string& name, const Args&... args) {
    try {
        named<T> n{open_only, name, args...};
        const struct ending {
            fuzz::awaiting& loop;
            ~ending() { loop.end_all(); }
        } before_the_handle_goes{loop};
        for (int i = 0; i < 4; ++i)
            if constexpr (std::is_same_v<T, semaphore>) {
                (void)n->try_acquire();
                loop.start<semaphore::acquire_operation>(s, *n);
                n->release();
            } else if constexpr (std::is_same_v<T, event>) {
                (void)n->try_wait();
                n->set();
            } else if constexpr (std::is_same_v<T, mutex>) {
                (void)n->try_lock();
                n->unlock();
            } else if constexpr (std::is_same_v<T, work_queue<std::uint32_t>>) {
                (void)n->try_push(1);
                if (auto taken = n->try_take())
                    taken.put_back();
                if (auto taken = n->try_take())
                    taken.confirm();
                loop.start<detail::take_operation<std::uint32_t>>(s, n->ref());
            } else if constexpr (std::is_same_v<T, message_queue>) {
                if (auto room = n->try_reserve(s.one_of(n->max_message() + 1)))
                    room.commit();
                n->try_receive().put_back();
                (void)n->try_receive();
                loop.start<detail::receive_operation>(s, n->ring());
            } else {
                fuzz::act_on_queue(*n, loop, s, s.one_of(fuzz::queue_acts));
            }
    } catch (const std::system_error&) {
        // As it should be.
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::byte> templates[] = {
        as_made<semaphore>(),
        as_made<event>(),
        as_made<mutex>(),
        as_made<queue<std::uint32_t>>(5),
        as_made<queue<fuzz::item, 3>>(),
        as_made<work_queue<std::uint32_t>>(5),
        as_made<message_queue>(300),
        std::vector<std::byte>(70'000),
    };
    static const auto name = "fuzz-" + std::to_string(backend::random_number());
    static test::raw_object file(name);
    static fuzz::awaiting loop;

    fuzz::script s(data, size);
    const auto kind = s.one_of(std::size(templates));
    auto bytes = templates[kind];
    const auto full = bytes.size();
    for (auto changes = s.one_of(8); changes-- > 0;) {
        // The header for the most part: whatever lies beyond, an open object meets as well.
        const auto at = s.number<std::uint16_t>() % (s.one_of(4) == 0 ? full : sizeof(core::segment_layout));
        const auto run = s.bytes(std::min<std::size_t>(s.one_of(40), full - at));
        std::memcpy(bytes.data() + at, run.data(), run.size());
    }
    if (s.one_of(4) == 0)
        bytes.resize(s.number<std::uint32_t>() % (2 * full));
    file.resize(bytes.size());
    // What lies past the first page is zeros in all templates, and costs time to write.
    file.write(0, bytes.data(), std::min<std::size_t>(bytes.size(), 8192));

    switch (s.one_of(8)) {
    case 0:
        open_and_use<semaphore>(s, loop, name);
        break;
    case 1:
        open_and_use<event>(s, loop, name);
        break;
    case 2:
        open_and_use<mutex>(s, loop, name);
        break;
    case 3:
        open_and_use<queue<std::uint32_t>>(s, loop, name);
        break;
    case 4:
        open_and_use<queue<fuzz::item, 3>>(s, loop, name);
        break;
    case 5:
        open_and_use<work_queue<std::uint32_t>>(s, loop, name);
        break;
    case 6:
        open_and_use<message_queue>(s, loop, name);
        break;
    default:
        open_and_use<queue<std::uint32_t>>(s, loop, name, 5);
    }
    return 0;
}
