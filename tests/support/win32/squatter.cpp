#include <support/squatter.hpp>

#include <support/seed.hpp>

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

handle event(const object_name& name) {
    attributes a(nullptr);
    return handle(::CreateEventW(a.get(), TRUE, FALSE, name.get()));
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
    {{"an event", errc::corrupted}, false, event},
    {{"somebody else's section", errc::permission_denied}, false, others_section},
    {{"a section that lets in nobody", errc::permission_denied}, false, closed_section},
    {{"a section without memory", errc::corrupted}, false, hollow_section},
    {{"a way to an event", errc::corrupted}, true, event},
    {{"a way to somebody else's section", errc::permission_denied}, true, others_section},
    {{"a way to a section that lets in nobody", errc::permission_denied}, true, closed_section},
    {{"a way to a section that cannot be written", errc::corrupted}, true, constant_section},
    {{"a way to a section without memory", errc::corrupted}, true, hollow_section},
    {{"a way to a section that is too small", errc::corrupted}, true, empty_section},
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

} // namespace crosswake::test
