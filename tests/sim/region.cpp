#include <sim/region.hpp>

#include <crosswake/error.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace crosswake::sim {

simulated_region::~simulated_region() {
    auto& r = state();
    const auto me = current_process();
    if (r.mapped[me] != 0)
        --r.mapped[me];
    tell_of_departure(index_);
    r.named = r.named && std::any_of(std::begin(r.mapped), std::end(r.mapped), [](unsigned n) { return n != 0; });
}

std::error_code simulated_region::reserve(std::size_t offset, std::size_t length) noexcept {
    step_outside("reserve");
    drain_stores();
    auto& r = state();
    if (offset + length > r.bytes)
        return errc::no_space;
    if (offset + length > r.zeros) {
        std::memset(address_of(r.at, judge) + r.zeros, 0, offset + length - r.zeros);
        r.zeros = offset + length;
    }
    return {};
}

bool simulated_region::ring() noexcept {
    step_outside("ring through the region");
    drain_stores();
    for (unsigned i = 0; i < most_bells; ++i)
        if (auto& b = bells()[i]; b.exists && b.open && (b.regions & 1u << index_) != 0) {
            b.region_rung = true;
            make_pollers_look(b.owner);
        }
    return true;
}

} // namespace crosswake::sim

namespace crosswake::backend {

using namespace sim;

namespace {

unsigned find(std::string_view name) {
    unsigned i = 0;
    while (i < most_regions && !(regions()[i].named && name == regions()[i].name))
        ++i;
    return i;
}

} // namespace

std::unique_ptr<region> region::create(std::string_view name, std::size_t bytes, std::size_t reserved, permissions,
                                       initialiser& initialise, std::error_code& error) {
    unsigned i = 0;
    while (i < most_regions && regions()[i].exists)
        ++i;
    if (find(name) != most_regions || i == most_regions || name.size() >= sizeof(region_state::name)) {
        error = find(name) != most_regions ? errc::already_exists : errc::no_space;
        return nullptr;
    }
    auto& r = regions()[i];
    r.exists = r.named = true;
    std::copy(name.begin(), name.end(), r.name);
    r.at = share(bytes, reserved);
    r.bytes = bytes;
    r.zeros = reserved;
    auto made = std::make_unique<simulated_region>(i);
    initialise(made->bytes());
    return made;
}

std::unique_ptr<region> region::open(std::string_view name, permissions, std::error_code& error) {
    const auto i = find(name);
    if (i == most_regions) {
        error = errc::not_found;
        return nullptr;
    }
    return std::make_unique<simulated_region>(i);
}

std::size_t sweep_regions(std::size_t) noexcept {
    return 0;
}

} // namespace crosswake::backend
