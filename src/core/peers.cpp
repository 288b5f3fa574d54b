#include <core/peers.hpp>

#include <core/immortal.hpp>

#include <new>

namespace crosswake::core {

peers& peers::instance() noexcept {
    return immortal<peers>();
}

void peers::add(detail::owner_token me, backend::bell_address address, std::shared_ptr<backend::peer_bell> bell) {
    const std::scoped_lock guard(lock_);
    changes_.fetch_add(1);
    known_.insert_or_assign({me, address}, std::move(bell));
}

/// Threads ring the same bell again and again. It stays open until the last that remembers it rings another.
struct peers::memory {
    std::uint64_t changes = 0;
    key whose;
    std::shared_ptr<backend::peer_bell> bell;

    memory() = default;
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() { is_gone = true; }

    static thread_local memory last;
    static thread_local bool is_gone; // objects of static storage duration may ring after it
};
thread_local peers::memory peers::memory::last;
constinit thread_local bool peers::memory::is_gone = false;

std::shared_ptr<backend::peer_bell> peers::find(detail::owner_token who, backend::bell_address address,
                                                backend::peer_bell::found& why) noexcept {
    const key whose{who, address};
    const auto changes = changes_.load();
    if (!memory::is_gone && memory::last.changes == changes && memory::last.whose == whose) {
        why = backend::peer_bell::found::yes;
        return memory::last.bell;
    }
    detail::this_process(); // in a fresh child, finding that out takes other locks; not under this one
    try {
        const std::scoped_lock guard(lock_);
        auto bell = look_up(whose, why);
        if (!memory::is_gone) {
            memory::last.changes = bell == nullptr ? 0 : changes;
            memory::last.whose = whose;
            memory::last.bell = bell;
        }
        return bell;
    } catch (const std::bad_alloc&) {
        why = backend::peer_bell::found::unreachable;
        return nullptr;
    }
}

std::shared_ptr<backend::peer_bell> peers::look_up(const key& whose, backend::peer_bell::found& why) {
    if (const auto it = known_.find(whose); it != known_.end()) {
        why = backend::peer_bell::found::yes;
        return it->second;
    }
    std::shared_ptr<backend::peer_bell> bell = backend::peer_bell::find(whose.first, whose.second, why);
    if (bell != nullptr) {
        drop_the_dead();
        known_.emplace(whose, bell);
    }
    return bell;
}

bool peers::knows(detail::owner_token who, backend::bell_address address) noexcept {
    const std::scoped_lock guard(lock_);
    return known_.contains({who, address});
}

void peers::forget(detail::owner_token who, backend::bell_address address) noexcept {
    const std::scoped_lock guard(lock_);
    changes_.fetch_add(1);
    known_.erase({who, address});
    if (!memory::is_gone && memory::last.whose == key{who, address})
        memory::last.bell.reset();
}

// Peers that come and go would otherwise leave a descriptor each behind. A look at all of them when one is added costs
// little beside the opening of that one.
void peers::drop_the_dead() {
    changes_.fetch_add(1);
    std::erase_if(known_, [](const auto& entry) { return entry.second->seems_dead(); });
}

} // namespace crosswake::core
