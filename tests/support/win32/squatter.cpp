#include <support/squatter.hpp>

#include <support/seed.hpp>

#include <win32/bell_box.hpp>
#include <win32/handle.hpp>
#include <win32/object_name.hpp>
#include <win32/region_section.hpp>
#include <win32/security.hpp>
#include <win32/view.hpp>

#include <sddl.h>

#include <cstdint>
#include <optional>

namespace crosswake::test {

using namespace win32;

namespace {

constexpr DWORD page = 4096;

// In the system's own words. O: whose it is, D: who is let in.
constexpr const wchar_t* administrators_for_all = L"O:BAG:BAD:(A;;GA;;;WD)";
constexpr const wchar_t* mine_for_nobody = L"D:P";

/// The security of this user's own objects, or what the words say.
class attributes {
public:
    explicit attributes(const wchar_t* words) {
        if (words == nullptr)
            mine_.emplace(permissions::this_user);
        else
            ::ConvertStringSecurityDescriptorToSecurityDescriptorW(words, SDDL_REVISION_1,
                                                                   &foreign_.lpSecurityDescriptor, nullptr);
    }
    attributes(const attributes&) = delete;
    attributes& operator=(const attributes&) = delete;
    ~attributes() { ::LocalFree(foreign_.lpSecurityDescriptor); }

    SECURITY_ATTRIBUTES* get() noexcept { return mine_ ? mine_->attributes() : &foreign_; }

private:
    std::optional<security> mine_;
    SECURITY_ATTRIBUTES foreign_{sizeof(SECURITY_ATTRIBUTES), nullptr, FALSE};
};

handle section(const object_name& name, const wchar_t* security_words, DWORD protection = PAGE_READWRITE) {
    attributes a(security_words);
    return handle(::CreateFileMappingW(INVALID_HANDLE_VALUE, a.get(), protection, 0, page, name.get()));
}

handle event(const object_name& name, const wchar_t* security_words) {
    attributes a(security_words);
    return handle(::CreateEventW(a.get(), TRUE, FALSE, name.get()));
}

handle my_event(const object_name& name) {
    return event(name, nullptr);
}
handle others_event(const object_name& name) {
    return event(name, administrators_for_all);
}
handle closed_event(const object_name& name) {
    return event(name, mine_for_nobody);
}
handle others_section(const object_name& name) {
    return section(name, administrators_for_all);
}
handle closed_section(const object_name& name) {
    return section(name, mine_for_nobody);
}
handle constant_section(const object_name& name) {
    return section(name, nullptr, PAGE_READONLY);
}
handle hollow_section(const object_name& name) {
    return section(name, nullptr, PAGE_READWRITE | SEC_RESERVE);
}
handle empty_section(const object_name& name) {
    return section(name, nullptr);
}

/// What leads to the object's bytes.
handle directory(const object_name& name, std::uint64_t id) {
    auto d = empty_section(name);
    if (const view listed(d, FILE_MAP_READ | FILE_MAP_WRITE); listed)
        *reinterpret_cast<std::uint64_t*>(listed.bytes()) = id;
    return d;
}

struct plan {
    squatter::trick shown;
    bool is_behind_a_directory;
    handle (*put)(const object_name& name);
};

const plan plans[] = {
    {{"an event", errc::corrupted}, false, my_event},
    {{"somebody else's section", errc::permission_denied}, false, others_section},
    {{"a section that lets in nobody", errc::permission_denied}, false, closed_section},
    {{"a section without memory", errc::corrupted}, false, hollow_section},
    {{"a way to an event", errc::corrupted}, true, my_event},
    {{"a way to somebody else's section", errc::permission_denied}, true, others_section},
    {{"a way to a section that lets in nobody", errc::permission_denied}, true, closed_section},
    {{"a way to a section that cannot be written", errc::corrupted}, true, constant_section},
    {{"a way to a section without memory", errc::corrupted}, true, hollow_section},
    {{"a way to a section that is too small", errc::corrupted}, true, empty_section},
};

using maker = handle (*)(const object_name&);
using found = backend::peer_bell::found;

struct bell_plan {
    bell_squatter::trick shown;
    maker event;                  // none: there is no event
    maker mailbox;                // the same
    void (*lie)(mailbox_header&); // in a header that is right otherwise
};

const bell_plan bell_plans[] = {
    {{"a bell", found::yes}, my_event, empty_section, nullptr},
    {{"an event alone", found::dead}, my_event, nullptr, nullptr},
    {{"a mailbox alone", found::dead}, nullptr, empty_section, nullptr},
    {{"somebody else's event", found::dead}, others_event, empty_section, nullptr},
    {{"somebody else's mailbox", found::dead}, my_event, others_section, nullptr},
    {{"an event that lets in nobody", found::unreachable}, closed_event, empty_section, nullptr},
    {{"a mailbox that lets in nobody", found::unreachable}, my_event, closed_section, nullptr},
    {{"a section in the event's place", found::unreachable}, empty_section, empty_section, nullptr},
    {{"an event in the mailbox's place", found::unreachable}, my_event, my_event, nullptr},
    {{"a mailbox without memory", found::unreachable}, my_event, hollow_section, nullptr},
    {{"a mailbox without the mark", found::dead}, my_event, empty_section, [](mailbox_header& h) { h.magic = 0; }},
    {{"another process's", found::dead}, my_event, empty_section, [](mailbox_header& h) { h.owner ^= 4; }},
    {{"another bell's", found::dead}, my_event, empty_section, [](mailbox_header& h) { h.address ^= 1; }},
    {{"a closed one", found::dead}, my_event, empty_section, [](mailbox_header& h) { h.is_closed.store(1); }},
};

} // namespace

struct squatter::loot {
    handle directory;
    handle section;
};

std::vector<squatter::trick> squatter::tricks() {
    std::vector<trick> all;
    for (const auto& p : plans)
        all.push_back(p.shown);
    return all;
}

squatter::squatter(const std::string& object, const trick& t) : loot_(std::make_unique<loot>()) {
    for (const auto& p : plans) {
        if (p.shown.name != t.name)
            continue;
        const auto id = random_number() | 1;
        const auto name = object_name::of_directory(object);
        loot_->section = p.put(p.is_behind_a_directory ? object_name::of_section(id) : name);
        if (p.is_behind_a_directory && loot_->section)
            loot_->directory = directory(name, id);
    }
}

squatter::~squatter() = default;

squatter::operator bool() const noexcept {
    return static_cast<bool>(loot_->section);
}

struct bell_squatter::loot {
    handle event;
    handle mailbox;
    bool is_complete = true;
};

std::vector<bell_squatter::trick> bell_squatter::tricks() {
    std::vector<trick> all;
    for (const auto& p : bell_plans)
        all.push_back(p.shown);
    return all;
}

bell_squatter::bell_squatter(detail::owner_token who, backend::bell_address address, const trick& t)
    : loot_(std::make_unique<loot>()) {
    const auto put = [this](maker make, const object_name& name) {
        auto made = make == nullptr ? handle() : make(name);
        loot_->is_complete = loot_->is_complete && (make == nullptr || made);
        return made;
    };
    for (const auto& p : bell_plans) {
        if (p.shown.name != t.name)
            continue;
        loot_->event = put(p.event, object_name::of_bell(who, address));
        loot_->mailbox = put(p.mailbox, object_name::of_mailbox(who, address));
        const view bytes(loot_->mailbox, FILE_MAP_READ | FILE_MAP_WRITE);
        if (!bytes || bytes.size() == 0)
            continue;
        auto& header = *reinterpret_cast<mailbox_header*>(bytes.bytes());
        header.magic = mailbox_header::right_magic;
        header.owner = who;
        header.address = address;
        if (p.lie != nullptr)
            p.lie(header);
    }
}

bell_squatter::~bell_squatter() = default;

bell_squatter::operator bool() const noexcept {
    return loot_->is_complete;
}

} // namespace crosswake::test
