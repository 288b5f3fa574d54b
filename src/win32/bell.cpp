// Bells as named events, mailboxes as named sections; peers open both by the owner's token and the bell's address.
//
// The kernel removes both names with their last handle, so a kill leaves nothing behind.
#include <backend/bell.hpp>
#include <backend/clock.hpp>
#include <backend/process.hpp>

#include <win32/bell_box.hpp>
#include <win32/birth.hpp>
#include <win32/object_name.hpp>
#include <win32/region_section.hpp>
#include <win32/security.hpp>
#include <win32/timeout.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace crosswake::backend {

using namespace win32;

namespace {

std::error_code last_error() noexcept {
    const auto e = ::GetLastError();
    return e == ERROR_TOO_MANY_OPEN_FILES || e == ERROR_NO_SYSTEM_RESOURCES
               ? std::make_error_code(std::errc::too_many_files_open)
               : std::error_code(static_cast<int>(e), std::system_category());
}

/// A process whose death is news. The system's thread pool waits for it, in one thread for 63 of them.
class mourned {
public:
    mourned(detail::owner_token who, PVOID context, WAITORTIMERCALLBACK died) noexcept
        : process_(::OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, unpack(who).pid * 4)) {
        // The number may be another process's by now, whose death would be no news.
        if (!process_ || birth_of(process_.get()) != unpack(who).birth)
            return;
        if (is_signalled(process_)) {
            died(context, FALSE);
            is_heard_ = true;
        } else if (::RegisterWaitForSingleObject(&wait_, process_.get(), died, context, INFINITE, WT_EXECUTEONLYONCE)) {
            is_heard_ = true;
        } else {
            wait_ = nullptr;
        }
    }
    mourned(const mourned&) = delete;
    mourned& operator=(const mourned&) = delete;
    ~mourned() {
        if (wait_ != nullptr)
            ::UnregisterWaitEx(wait_, INVALID_HANDLE_VALUE); // returns when nobody is calling any more
    }

    [[nodiscard]] bool is_heard() const noexcept { return is_heard_; }

    std::size_t listeners = 0;

private:
    handle process_;
    bool is_heard_ = false;
    HANDLE wait_ = nullptr;
};

class event_ringer final : public peer_bell {
public:
    explicit event_ringer(std::shared_ptr<bell_box> box) noexcept : box_(std::move(box)) {}

    [[nodiscard]] std::byte* mailbox() const noexcept override { return box_->notes(); }
    [[nodiscard]] bool ring() noexcept override {
        if (seems_dead())
            return false;
        box_->ring();
        return true;
    }
    [[nodiscard]] bool seems_dead() noexcept override { return box_->header().is_closed.load() != 0; }

private:
    std::shared_ptr<bell_box> box_;
};

class event_bell final : public bell {
public:
    static std::unique_ptr<bell> make(std::error_code& error) {
        const auto me = detail::this_process();
        security secured(permissions::this_user);
        for (;;) {
            // Random, and taken only if new: the name might be another's, who would hear our rings or have us hear his.
            const auto address = std::max<bell_address>(random_number() >> 1, 1);
            handle event(::CreateEventW(secured.attributes(), TRUE, FALSE, object_name::of_bell(me, address).get()));
            if (!event) {
                error = last_error();
                return nullptr;
            }
            if (::GetLastError() == ERROR_ALREADY_EXISTS)
                continue;
            handle section(::CreateFileMappingW(INVALID_HANDLE_VALUE, secured.attributes(), PAGE_READWRITE, 0,
                                                bell_box::bytes, object_name::of_mailbox(me, address).get()));
            if (!section) {
                error = last_error();
                return nullptr;
            }
            if (::GetLastError() == ERROR_ALREADY_EXISTS)
                continue;
            auto box = std::make_shared<bell_box>(std::move(event), std::move(section));
            if (!*box) {
                error = last_error();
                return nullptr;
            }
            ::new (&box->header())
                mailbox_header{.magic = mailbox_header::right_magic, .owner = me, .address = address, .is_closed = 0};
            return std::unique_ptr<bell>(new event_bell(std::move(box), address));
        }
    }
    ~event_bell() override { box_->header().is_closed.store(1); }

    [[nodiscard]] std::unique_ptr<peer_bell> ringer(std::error_code& error) const override {
        error.clear();
        return std::make_unique<event_ringer>(box_);
    }
    [[nodiscard]] bell_address address() const noexcept override { return address_; }
    [[nodiscard]] std::byte* mailbox() const noexcept override { return box_->notes(); }
    [[nodiscard]] std::span<const native_handle> handles() const noexcept override { return {&handle_, 1}; }
    [[nodiscard]] bool rings_are_edges() const noexcept override { return false; }
    [[nodiscard]] unsigned rings_before_silence() const noexcept override { return 1; }

    heard silence() noexcept override {
        box_->silence();
        return a_death_.exchange(false) ? heard::a_death : heard::nothing_special;
    }

    // There is no ring through a region, and the bell is for this user alone.
    std::error_code listen(const region& r) noexcept override {
        const bool is_ours_alone = static_cast<const region_section&>(r).who() == permissions::this_user;
        return is_ours_alone ? std::error_code{} : std::make_error_code(std::errc::not_supported);
    }
    void stop_listening(const region&) noexcept override {}

    bool await_ring(deadline until) noexcept override {
        return ::WaitForSingleObject(box_->event().get(), milliseconds_until(until, steady_ns())) != WAIT_FAILED;
    }

    bool listen_for_death_of(detail::owner_token who) noexcept override try {
        auto& m = mourned_.try_emplace(who, who, this, &event_bell::on_death).first->second;
        ++m.listeners;
        return m.is_heard();
    } catch (const std::bad_alloc&) {
        return false;
    }
    void stop_listening_for_death_of(detail::owner_token who) noexcept override {
        if (const auto it = mourned_.find(who); it != mourned_.end() && --it->second.listeners == 0)
            mourned_.erase(it);
    }

    void abandon() noexcept override {} // there is no fork

private:
    event_bell(std::shared_ptr<bell_box> box, bell_address address) noexcept
        : box_(std::move(box)), address_(address),
          handle_(static_cast<native_handle>(reinterpret_cast<std::intptr_t>(box_->event().get()))) {}

    /// In a thread of the system's pool.
    static void CALLBACK on_death(void* context, BOOLEAN) noexcept {
        auto& self = *static_cast<event_bell*>(context);
        self.a_death_.store(true);
        self.box_->ring();
    }

    std::shared_ptr<bell_box> box_;
    bell_address address_;
    native_handle handle_;
    std::atomic<bool> a_death_{false};
    std::map<detail::owner_token, mourned> mourned_; // after what its callbacks use
};

} // namespace

std::unique_ptr<bell> bell::make(std::error_code& error) {
    error.clear();
    return event_bell::make(error);
}

forced forced_mechanism() noexcept {
    static const forced choice = [] {
        const char* const text = std::getenv("CROSSWAKE_BELL");
        const std::string_view wish(text == nullptr ? "" : text);
        if (wish == "event" || wish == "direct")
            return forced::direct;
        return wish.empty() ? forced::no : forced::unknown;
    }();
    return choice;
}

} // namespace crosswake::backend
