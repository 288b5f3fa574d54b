// What can be done to a queue, whatever its capacity.
#pragma once

#include <fuzz/stage.hpp>

#include <crosswake/queue.hpp>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace crosswake::fuzz {

inline constexpr std::size_t queue_acts = 11;

/// Its items are larger than one 64-byte line, and no multiple of it.
struct item {
    std::array<char, 72> text;
};

template <class Queue>
void act_on_queue(Queue& q, awaiting& loop, script& s, std::size_t what) {
    using T = std::remove_cvref_t<decltype(*q.try_pop())>;
    std::array<T, 5> some{};
    std::error_code error;
    switch (what) {
    case 0:
        (void)q.try_push(some[0]);
        break;
    case 1:
        (void)q.push_for(some_timeout(s), some[0]);
        break;
    case 2:
        (void)q.try_push_some(std::span<const T>(some).first(s.one_of(some.size() + 1)));
        break;
    case 3:
        (void)q.try_pop(error);
        break;
    case 4:
        (void)q.pop_for(some_timeout(s));
        break;
    case 5:
        (void)q.try_pop_some(std::span<T>(some).first(s.one_of(some.size() + 1)), error);
        break;
    case 6:
        q.close();
        break;
    case 7:
        if (q.size() > q.capacity())
            std::abort();
        break;
    case 8:
        loop.start<detail::push_operation<T>>(s, q.ref(), some[0]);
        break;
    case 9:
        loop.start<detail::pop_operation<T>>(s, q.ref());
        break;
    default:
        loop.dispatch();
    }
}

} // namespace crosswake::fuzz
