#include <core/finished_waits.hpp>

namespace crosswake::detail {

void finished_waits::add(pending& p, wait_result result) noexcept {
    p.result_ = result;
    p.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &p;
    last_ = &p;
}

void finished_waits::add_all(finished_waits& others) noexcept {
    if (others.first_ == nullptr)
        return;
    (last_ == nullptr ? first_ : last_->next_) = others.first_;
    last_ = others.last_;
    others.first_ = others.last_ = nullptr;
}

void finished_waits::announce() noexcept {
    while (first_ != nullptr) {
        auto& p = *first_;
        first_ = p.next_;
        p.completed(p.result_); // may destroy p
    }
    last_ = nullptr;
}

} // namespace crosswake::detail
