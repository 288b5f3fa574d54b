// Finding another process's bell by its name, and ringing it.
#include <backend/peer_bell.hpp>
#include <backend/process.hpp>

#include <win32/bell_box.hpp>
#include <win32/object_name.hpp>
#include <win32/security.hpp>

#include <memory>
#include <utility>

namespace crosswake::backend {

using namespace win32;

namespace {

class event_peer final : public peer_bell {
public:
    event_peer(std::unique_ptr<bell_box> box, handle process) noexcept
        : box_(std::move(box)), process_(std::move(process)) {}

    [[nodiscard]] std::byte* mailbox() const noexcept override { return box_->notes(); }
    [[nodiscard]] bool ring() noexcept override {
        // The event lives as long as this process has it open: only its owner's state tells whether anybody hears.
        if (seems_dead())
            return false;
        box_->ring();
        return true;
    }
    [[nodiscard]] bool seems_dead() noexcept override {
        return box_->header().is_closed.load() != 0 || is_signalled(process_);
    }

private:
    std::unique_ptr<bell_box> box_;
    handle process_;
};

peer_bell::found why_not(DWORD e) noexcept {
    return e == ERROR_FILE_NOT_FOUND || e == ERROR_INVALID_PARAMETER ? peer_bell::found::dead
                                                                     : peer_bell::found::unreachable;
}

} // namespace

std::unique_ptr<peer_bell> peer_bell::find(detail::owner_token who, bell_address address, found& result) {
    const auto me = detail::this_process();
    const auto no = [&result](found why) {
        result = why;
        return nullptr;
    };
    if (address == 0 || who == me)
        return no(found::dead);
    if (unpack(who).pid_namespace != unpack(me).pid_namespace)
        return no(found::unreachable);
    handle process(::OpenProcess(SYNCHRONIZE, FALSE, unpack(who).pid * 4));
    if (!process)
        return no(why_not(::GetLastError()));
    handle event(::OpenEventW(EVENT_MODIFY_STATE | READ_CONTROL, FALSE, object_name::of_bell(who, address).get()));
    if (!event)
        return no(why_not(::GetLastError()));
    handle section(::OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE | READ_CONTROL, FALSE,
                                      object_name::of_mailbox(who, address).get()));
    if (!section)
        return no(why_not(::GetLastError()));
    // Somebody else may have taken the name that a dead one left.
    if (!is_acceptable(event, permissions::this_user) || !is_acceptable(section, permissions::this_user))
        return no(found::dead);
    auto box = std::make_unique<bell_box>(std::move(event), std::move(section));
    if (!*box)
        return no(found::unreachable);
    const auto& header = box->header();
    if (header.magic != mailbox_header::right_magic || header.owner != who || header.address != address)
        return no(found::dead);
    auto peer = std::make_unique<event_peer>(std::move(box), std::move(process));
    if (peer->seems_dead())
        return no(found::dead);
    result = found::yes;
    return peer;
}

} // namespace crosswake::backend
