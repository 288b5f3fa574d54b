#include <core/deadline_heap.hpp>

namespace crosswake::detail {

void deadline_heap::make_room() {
    if (waits_.size() == waits_.capacity())
        waits_.reserve(waits_.size() * 2 + 16);
}

void deadline_heap::add(pending& p) noexcept {
    if (p.until().is_never())
        return;
    waits_.push_back(nullptr);
    place(waits_.size() - 1, &p);
    sift(waits_.size() - 1);
}

void deadline_heap::remove(pending& p) noexcept {
    if (p.timer_ == 0)
        return;
    const auto at = p.timer_ - 1;
    p.timer_ = 0;
    auto* const moved = waits_.back();
    waits_.pop_back();
    if (moved == &p)
        return;
    place(at, moved);
    sift(at);
}

bool deadline_heap::earlier(std::size_t a, std::size_t b) const noexcept {
    return waits_[a]->until() < waits_[b]->until();
}

void deadline_heap::place(std::size_t at, pending* p) noexcept {
    waits_[at] = p;
    p->timer_ = at + 1;
}

void deadline_heap::sift(std::size_t at) noexcept {
    const auto swap_with = [this, &at](std::size_t other) {
        auto* const mine = waits_[at];
        place(at, waits_[other]);
        place(other, mine);
        at = other;
    };
    while (at > 0 && earlier(at, (at - 1) / 2))
        swap_with((at - 1) / 2);
    for (;;) {
        auto child = 2 * at + 1;
        if (child + 1 < waits_.size() && earlier(child + 1, child))
            ++child;
        if (child >= waits_.size() || !earlier(child, at))
            return;
        swap_with(child);
    }
}

} // namespace crosswake::detail
