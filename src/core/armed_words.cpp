#include <core/armed_words.hpp>

namespace crosswake::detail {

armed_words::~armed_words() {
    while (spare_ != nullptr)
        delete std::exchange(spare_, spare_->next);
}

armed_word* armed_words::find(const wait_word& word, core::note n) const noexcept {
    auto* w = buckets_[n];
    while (w != nullptr && w->word != &word)
        w = w->next;
    return w;
}

armed_word& armed_words::add(wait_word& word, membership& at, core::note n) {
    auto* const w = spare_ != nullptr ? std::exchange(spare_, spare_->next) : new armed_word;
    *w = {.word = &word, .at = &at, .note = n, .next = buckets_[n]};
    buckets_[n] = w;
    return *w;
}

void armed_words::remove(armed_word& w) noexcept {
    auto** link = &buckets_[w.note];
    while (*link != &w)
        link = &(*link)->next;
    *link = w.next;
    w.next = std::exchange(spare_, &w);
}

} // namespace crosswake::detail
