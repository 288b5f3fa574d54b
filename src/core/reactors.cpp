#include <core/reactors.hpp>

#include <backend/process.hpp>
#include <core/immortal.hpp>
#include <core/peers.hpp>
#include <core/reactor_state.hpp>
#include <crosswake/detail/owner.hpp>

#include <algorithm>

namespace crosswake::core {

reactors& reactors::instance() noexcept {
    return immortal<reactors>();
}

void reactors::add(detail::reactor_state& r) {
    const std::scoped_lock guard(lock_);
    all_.push_back(&r);
}

void reactors::remove(detail::reactor_state& r) noexcept {
    const std::scoped_lock guard(lock_);
    std::erase(all_, &r);
}

void reactors::handle_closed(detail::segment& s, bool was_last) noexcept {
    const std::scoped_lock guard(lock_);
    for (auto* const r : all_)
        r->handle_closed(s, was_last);
}

void prepare_for_fork() noexcept {
    [[maybe_unused]] static const bool done = [] {
        backend::around_fork(
            [] {
                auto& all = reactors::instance();
                all.lock_.lock();
                for (auto* const r : all.all_)
                    r->lock_for_fork();
                detail::segment::lock_for_fork();
                peers::instance().lock_for_fork();
            },
            [] {
                auto& all = reactors::instance();
                peers::instance().unlock_after_fork();
                detail::segment::unlock_after_fork();
                for (auto* const r : all.all_)
                    r->unlock_in_parent();
                all.lock_.unlock();
            },
            [] {
                auto& all = reactors::instance();
                peers::instance().unlock_after_fork();
                detail::segment::unlock_after_fork();
                for (auto* const r : all.all_)
                    r->unlock_in_child();
                std::erase_if(all.all_, [](const detail::reactor_state* r) {
                    return r->whom() == detail::reactor_state::serves::a_blocked_thread;
                });
                all.lock_.unlock();
                // At once: later the child may have lost the rights or the descriptors to make its own holds, and
                // what it locked would be taken for a dead process's.
                detail::find_out_this_process();
            });
        return true;
    }();
}

} // namespace crosswake::core
