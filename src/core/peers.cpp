#include <core/peers.hpp>

#include <core/immortal.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace crosswake::core {
namespace {

/// What one thread, or a few, found last: threads ring the same bell again and again. Not the thread's own object: that
/// would have to be destroyed with the thread, and some systems cannot do that in good order.
struct remembered {
    std::uint64_t changes = 0;
    std::pair<detail::owner_token, backend::bell_address> whose;
    std::shared_ptr<backend::peer_bell> bell;
};

class memory {
public:
    static memory& of_this_thread() noexcept {
        constinit static std::atomic<std::size_t> threads{0};
        constinit thread_local std::size_t mine = 0; // its number, from 1 on
        if (mine == 0)
            mine = threads.fetch_add(1, std::memory_order_relaxed) + 1;
        return all()[mine % all().size()];
    }
    static std::array<memory, 16>& all() noexcept { return immortal<std::array<memory, 16>>(); }

    /// Calls use(what is remembered), unless another thread does so just now: nobody waits here.
    template <class Use>
    void try_with(Use&& use) noexcept {
        if (in_use_.test_and_set(std::memory_order_acquire))
            return;
        use(what_);
        in_use_.clear(std::memory_order_release);
    }

private:
    std::atomic_flag in_use_;
    remembered what_;
};

} // namespace

peers& peers::instance() noexcept {
    return immortal<peers>();
}

void peers::add(detail::owner_token me, backend::bell_address address, std::shared_ptr<backend::peer_bell> bell) {
    const std::scoped_lock guard(lock_);
    changes_.fetch_add(1);
    known_.insert_or_assign({me, address}, std::move(bell));
}

std::shared_ptr<backend::peer_bell> peers::find(detail::owner_token who, backend::bell_address address,
                                                backend::peer_bell::found& why) noexcept {
    const key whose{who, address};
    const auto changes = changes_.load();
    auto& mine = memory::of_this_thread();
    std::shared_ptr<backend::peer_bell> bell;
    mine.try_with([&](const remembered& r) {
        if (r.changes == changes && r.whose == whose)
            bell = r.bell;
    });
    if (bell != nullptr) {
        why = backend::peer_bell::found::yes;
        return bell;
    }
    detail::this_process(); // in a fresh child, finding that out takes other locks; not under this one
    try {
        const std::scoped_lock guard(lock_);
        bell = look_up(whose, why);
    } catch (const std::bad_alloc&) {
        why = backend::peer_bell::found::unreachable;
        return nullptr;
    }
    if (bell != nullptr) {
        remembered now{changes, whose, bell};
        mine.try_with([&now](remembered& r) { std::swap(r, now); });
    }
    return bell;
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
    const key whose{who, address};
    known_.erase(whose);
    for (auto& m : memory::all())
        m.try_with([&whose](remembered& r) {
            if (r.whose == whose)
                r.bell.reset();
        });
}

// Peers that come and go would otherwise leave a descriptor each behind. A look at all of them when one is added costs
// little beside the opening of that one.
void peers::drop_the_dead() {
    changes_.fetch_add(1);
    std::erase_if(known_, [](const auto& entry) { return entry.second->seems_dead(); });
}

} // namespace crosswake::core
