// Objects are sections; a name stands for a directory, a section in which the number of the object's own is entered.
#include <support/raw_object.hpp>

#include <support/seed.hpp>

#include <win32/handle.hpp>
#include <win32/object_name.hpp>
#include <win32/region_section.hpp>
#include <win32/security.hpp>
#include <win32/view.hpp>

#include <sddl.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>

namespace crosswake::test {
namespace {

using namespace win32;

void require(bool ok, const char* call) {
    if (!ok)
        throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), call);
}

handle open_section(const object_name& name) {
    return handle(::OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE | READ_CONTROL, FALSE, name.get()));
}

handle make_section(const object_name& name, std::size_t bytes) {
    security secured(permissions::this_user);
    return handle(::CreateFileMappingW(INVALID_HANDLE_VALUE, secured.attributes(), PAGE_READWRITE, 0,
                                       static_cast<DWORD>(bytes), name.get()));
}

std::uint64_t& entry_in(const view& directory) {
    return *reinterpret_cast<std::uint64_t*>(directory.bytes());
}

std::string access_of(const handle& object) {
    constexpr SECURITY_INFORMATION all =
        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    alignas(void*) std::byte descriptor[1024];
    DWORD length = 0;
    char* words = nullptr;
    require(
        ::GetKernelObjectSecurity(object.get(), all, descriptor, sizeof descriptor, &length) &&
            ::ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, SDDL_REVISION_1, all, &words, nullptr),
        "GetKernelObjectSecurity");
    const std::string text(words);
    ::LocalFree(words);
    return text;
}

} // namespace

struct raw_object::place {
    std::string name;
    handle nothing; // an event of that name, in the way of any object
    handle directory;
    handle section;
    view bytes;

    [[nodiscard]] section_header& header() const { return *reinterpret_cast<section_header*>(bytes.bytes()); }

    bool open() {
        directory = open_section(object_name::of_directory(name));
        const view listed(directory, FILE_MAP_READ);
        if (!listed)
            return false;
        section = open_section(object_name::of_section(entry_in(listed)));
        bytes = view(section, FILE_MAP_READ | FILE_MAP_WRITE);
        return static_cast<bool>(bytes);
    }
    void make(std::size_t size) {
        nothing.reset();
        const auto id = random_number();
        section = make_section(object_name::of_section(id), region_section::all_bytes(size));
        bytes = view(section, FILE_MAP_READ | FILE_MAP_WRITE);
        directory = make_section(object_name::of_directory(name), 4096);
        const view listed(directory, FILE_MAP_WRITE);
        require(bytes && listed, "CreateFileMapping");
        entry_in(listed) = id;
    }
};

raw_object::raw_object(const std::string& name) : place_(std::make_unique<place>()) {
    place_->name = name;
    if (!place_->open())
        place_->nothing = handle(::CreateEventW(nullptr, TRUE, FALSE, object_name::of_directory(name).get()));
}

raw_object::~raw_object() = default;

std::size_t raw_object::size() const {
    return place_->bytes ? static_cast<std::size_t>(place_->header().core_bytes) : 0;
}

// A section has one size for ever; this is what it says of itself.
void raw_object::resize(std::size_t bytes) {
    if (!place_->bytes)
        place_->make(bytes);
    place_->header().core_bytes = bytes;
}

void raw_object::read(std::size_t offset, void* to, std::size_t bytes) const {
    std::memcpy(to, place_->bytes.bytes() + offset, bytes);
}

void raw_object::write(std::size_t offset, const void* from, std::size_t bytes) {
    const auto end = offset + bytes;
    const bool grows = !place_->bytes;
    if (grows)
        resize(end);
    std::memcpy(place_->bytes.bytes() + offset, from, bytes);
    if (grows)
        resize(end);
}

std::string raw_object::access() const {
    return access_of(place_->directory) + ' ' + access_of(place_->section);
}

void raw_object::let_go() {
    place_->bytes = {};
    place_->section.reset();
    place_->directory.reset();
    place_->nothing.reset();
}

bool raw_object::exists(const std::string& name) {
    place p;
    p.name = name;
    return p.open();
}

} // namespace crosswake::test
