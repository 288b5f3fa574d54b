#include "fresh_name.hpp"

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <system_error>

namespace cw = crosswake;

int main() {
    const auto name = fresh_name();
    cw::named<cw::semaphore> slots{cw::create_only, name, 1};
    cw::named<cw::semaphore> same{cw::open_only, name};
    same->acquire();
    if (slots->try_acquire())
        return 1;
    try {
        cw::named<cw::semaphore> again{cw::create_only, name, 1};
    } catch (const std::system_error& e) {
        return e.code() == cw::errc::already_exists ? 0 : 2;
    }
    return 3;
}
