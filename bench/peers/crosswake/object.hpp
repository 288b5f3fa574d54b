// This library, as its users would write it: each process opens the object by name.
#pragma once

#include <support/fresh_name.hpp>

#include <crosswake/named.hpp>

#include <optional>

namespace bench::peer_crosswake {

namespace cw = crosswake;

/// A named object that the sampler keeps, and that each process opens for itself.
template <class T>
class object {
public:
    template <class... Args>
    explicit object(Args... args) : first_(cw::create_only, fresh_name(), args...) {}
    void enter() { own_.emplace(cw::open_only, first_.name()); }
    void leave() { own_.reset(); }
    T& operator*() const { return **own_; }
    T* operator->() const { return own_->get(); }

private:
    cw::named<T> first_;
    std::optional<cw::named<T>> own_;
};

} // namespace bench::peer_crosswake
