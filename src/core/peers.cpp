#include <core/peers.hpp>

#include <new>

namespace crosswake::core {

peers& peers::instance() noexcept {
    static peers& all = *new peers; // never destroyed: objects of static storage duration may ring at exit
    return all;
}

void peers::add(detail::owner_token me, std::uint32_t address, std::shared_ptr<backend::peer_bell> bell) {
    const std::scoped_lock guard(lock_);
    known_.insert_or_assign({me, address}, std::move(bell));
}

std::shared_ptr<backend::peer_bell> peers::find(detail::owner_token who, std::uint32_t address,
                                                backend::peer_bell::found& why) noexcept {
    detail::this_process(); // in a fresh child, finding that out takes other locks; not under this one
    try {
        const std::scoped_lock guard(lock_);
        if (const auto it = known_.find({who, address}); it != known_.end()) {
            why = backend::peer_bell::found::yes;
            return it->second;
        }
        std::shared_ptr<backend::peer_bell> bell = backend::peer_bell::find(who, address, why);
        if (bell != nullptr) {
            drop_the_dead();
            known_.emplace(key{who, address}, bell);
        }
        return bell;
    } catch (const std::bad_alloc&) {
        why = backend::peer_bell::found::unreachable;
        return nullptr;
    }
}

void peers::forget(detail::owner_token who, std::uint32_t address) noexcept {
    const std::scoped_lock guard(lock_);
    known_.erase({who, address});
}

// Peers that come and go would otherwise leave a descriptor each behind. A look at all of them when one is added costs
// little beside the opening of that one.
void peers::drop_the_dead() {
    std::erase_if(known_, [](const auto& entry) { return entry.second->seems_dead(); });
}

} // namespace crosswake::core
