// There are none: the kernel knows who sleeps.
#include <support/backend_bytes.hpp>

namespace crosswake::test {

std::span<std::byte> backend_bytes(backend::region&) {
    return {};
}

persistent_sleepers::persistent_sleepers(backend::region&, const detail::atomic<std::uint32_t>&, detail::owner_token) {}
persistent_sleepers::~persistent_sleepers() = default;

} // namespace crosswake::test
