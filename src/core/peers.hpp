// The bells that this process rings: those of its own reactors, and those of others, each opened once.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/detail/owner.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace crosswake::core {

class peers {
public:
    static peers& instance() noexcept;

    /// A reactor of this process.
    void add(detail::owner_token me, backend::bell_address address, std::shared_ptr<backend::peer_bell> bell);
    /// Null if it cannot be had; `why` says what is the matter.
    std::shared_ptr<backend::peer_bell> find(detail::owner_token who, backend::bell_address address,
                                             backend::peer_bell::found& why) noexcept;
    [[nodiscard]] bool knows(detail::owner_token who, backend::bell_address address) noexcept;
    /// Its owner is gone.
    void forget(detail::owner_token who, backend::bell_address address) noexcept;

    void lock_for_fork() noexcept { lock_.lock(); }
    void unlock_after_fork() noexcept { lock_.unlock(); }

private:
    using key = std::pair<detail::owner_token, backend::bell_address>;

    std::shared_ptr<backend::peer_bell> look_up(const key& whose, backend::peer_bell::found& why);
    void drop_the_dead();

    std::mutex lock_;
    /// Moves on whenever a bell is forgotten or replaced: whoever remembers one looks here first.
    std::atomic<std::uint64_t> changes_{1};
    std::map<key, std::shared_ptr<backend::peer_bell>> known_;
};

} // namespace crosswake::core
