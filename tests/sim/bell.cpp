// A reactor's own bell: three flags that poll() looks at, and a mailbox in the memory that all share.
#include <backend/bell.hpp>

#include <sim/peer_bell.hpp>
#include <sim/region.hpp>
#include <sim/world.hpp>

#include <algorithm>

namespace crosswake::sim {
namespace {

using namespace backend;

class simulated_bell final : public bell {
public:
    explicit simulated_bell(unsigned index) noexcept : index_(index) {}
    ~simulated_bell() override { state().open = false; }

    [[nodiscard]] bell_address address() const noexcept override { return index_ + 1; }
    [[nodiscard]] std::byte* mailbox() const noexcept override {
        return address_of(state().mailbox, current_process());
    }
    [[nodiscard]] std::unique_ptr<peer_bell> ringer(std::error_code& error) const override {
        error.clear();
        return std::make_unique<simulated_ringer>(index_);
    }
    [[nodiscard]] std::span<const native_handle> handles() const noexcept override { return {}; }
    [[nodiscard]] bool rings_are_edges() const noexcept override { return false; }
    [[nodiscard]] unsigned rings_before_silence() const noexcept override { return 1; }

    heard silence() noexcept override {
        step_outside("silence");
        drain_stores();
        auto& b = state();
        const auto result = b.departure     ? heard::a_departure
                            : b.death       ? heard::a_death
                            : b.region_rung ? heard::a_region
                                            : heard::nothing_special;
        b.rung = b.death = b.departure = b.region_rung = false;
        saw(static_cast<std::uint64_t>(result));
        return result;
    }

    std::error_code listen(const region& r) noexcept override {
        step_outside("listen to the region");
        state().regions |= 1u << static_cast<const simulated_region&>(r).index();
        return {};
    }
    void stop_listening(const region& r) noexcept override {
        state().regions &= ~(1u << static_cast<const simulated_region&>(r).index());
    }

    bool await_ring(deadline until) noexcept override {
        poll(until);
        return true;
    }

    // As where the death came first, and there is nothing left to listen to.
    bool listen_for_death_of(detail::owner_token who) noexcept override {
        step_outside("listen for a death");
        if (deaths_are_unheard())
            return false;
        bool is_heard = false;
        for (unsigned p = 0; p < most_processes; ++p)
            if (token_of(p) == who && !is_known_dead(p)) {
                ++state().mourns[p];
                is_heard = true;
            }
        saw(is_heard);
        return is_heard;
    }
    void stop_listening_for_death_of(detail::owner_token who) noexcept override {
        for (unsigned p = 0; p < most_processes; ++p)
            if (token_of(p) == who && state().mourns[p] != 0)
                --state().mourns[p];
    }

    void abandon() noexcept override {}

private:
    [[nodiscard]] bell_state& state() const noexcept { return bells()[index_]; }

    unsigned index_;
};

} // namespace
} // namespace crosswake::sim

namespace crosswake::backend {

std::unique_ptr<bell> bell::make(std::error_code& error) {
    unsigned i = 0;
    while (i < sim::most_bells && sim::bells()[i].exists)
        ++i;
    if (i == sim::most_bells) {
        error = std::make_error_code(std::errc::too_many_files_open);
        return nullptr;
    }
    auto& b = sim::bells()[i];
    b.exists = b.open = true;
    b.owner = sim::current_process();
    b.mailbox = sim::share(mailbox_bytes, mailbox_bytes);
    return std::make_unique<sim::simulated_bell>(i);
}

forced forced_mechanism() noexcept {
    return sim::is_unreachable() ? forced::segment : forced::no;
}

} // namespace crosswake::backend
