// Regions as sections backed by the page file, in the session's namespace.
//
// A section cannot be made without a name and named when it is ready. So the name stands for a directory: a page of
// zeros in which the number of the section is entered when that is ready. The section's own name is that number, which
// is random, and never used again:
//
//     0 -> id          a creator was the first
//     dead -> id       the section of that number can be opened no more: nobody has it
//
// Each step is one compare-and-swap, so a creator that stops or dies on the way is in nobody's way. The kernel counts
// the handles: whoever has the region open has both, and what a killed process had goes with it.
#include <win32/region_section.hpp>

#include <crosswake/error.hpp>
#include <win32/object_name.hpp>
#include <win32/security.hpp>

#include <algorithm>
#include <new>
#include <optional>

namespace crosswake::win32 {
namespace {

constexpr std::size_t directory_bytes = 4096;

std::error_code system_error_code(DWORD e) noexcept {
    switch (e) {
    case ERROR_FILE_NOT_FOUND:
        return errc::not_found;
    case ERROR_ALREADY_EXISTS:
        return errc::already_exists;
    case ERROR_ACCESS_DENIED:
        return errc::permission_denied;
    case ERROR_INVALID_HANDLE: // the name is that of another kind of object
        return errc::corrupted;
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_DISK_FULL:
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_OUTOFMEMORY:
        return errc::no_space;
    default:
        return {static_cast<int>(e), std::system_category()};
    }
}

handle create_section(const object_name& name, std::size_t bytes, security& secured) noexcept {
    const auto size = std::uint64_t{bytes};
    return handle(::CreateFileMappingW(INVALID_HANDLE_VALUE, secured.attributes(), PAGE_READWRITE,
                                       static_cast<DWORD>(size >> 32), static_cast<DWORD>(size), name.get()));
}

/// The handle tells who its owner is.
handle open_section(const object_name& name, DWORD access) noexcept {
    return handle(::OpenFileMappingW(access | READ_CONTROL, FALSE, name.get()));
}

bool is_section_alive(std::uint64_t id) noexcept {
    return open_section(object_name::of_section(id), FILE_MAP_READ) || ::GetLastError() != ERROR_FILE_NOT_FOUND;
}

using directory_entry = detail::atomic<std::uint64_t>;

directory_entry& entry_in(const view& directory) noexcept {
    return *reinterpret_cast<directory_entry*>(directory.bytes());
}

handle make_hold(std::uint64_t id, security& secured) noexcept {
    return handle(
        ::CreateEventW(secured.attributes(), TRUE, FALSE, object_name::of_hold(id, detail::this_process()).get()));
}

/// The section of the region with that name, as long as this process holds the directory. No error, and nothing, if
/// another one has taken its place meanwhile.
std::unique_ptr<backend::region> open_listed(const view& listed, handle& directory, permissions who,
                                             std::error_code& error) {
    const auto id = entry_in(listed).load();
    region_section::holds holds;
    holds.section = open_section(object_name::of_section(id), FILE_MAP_READ | FILE_MAP_WRITE);
    if (!holds.section) {
        const auto e = ::GetLastError();
        if (e != ERROR_FILE_NOT_FOUND || id == 0 || entry_in(listed).load() == id)
            error = system_error_code(e);
        return nullptr;
    }
    if (!is_acceptable(holds.section, who)) {
        error = errc::permission_denied;
        return nullptr;
    }
    view bytes(holds.section, FILE_MAP_READ | FILE_MAP_WRITE);
    if (!bytes) {
        const auto e = ::GetLastError();
        error = e == ERROR_INVALID_PARAMETER ? errc::corrupted : system_error_code(e); // it cannot be written to
        return nullptr;
    }
    const auto mapped = bytes.size();
    if (mapped == 0) {
        error = errc::corrupted;
        return nullptr;
    }
    // Checked and used from copies: the bytes can change under the check.
    const auto& header = *reinterpret_cast<const section_header*>(bytes.bytes());
    const auto core_bytes = header.core_bytes;
    const auto made_for = header.who;
    if (core_bytes < sizeof(section_header) || core_bytes > mapped || region_section::all_bytes(core_bytes) > mapped ||
        made_for > static_cast<std::uint64_t>(permissions::everyone)) {
        error = errc::corrupted;
        return nullptr;
    }
    const auto its_permissions = static_cast<permissions>(made_for);
    security secured(its_permissions);
    holds.hold = make_hold(id, secured);
    if (!holds.hold) {
        error = system_error_code(::GetLastError());
        return nullptr;
    }
    holds.directory = std::move(directory);
    return std::make_unique<region_section>(std::move(bytes), core_bytes, its_permissions, id, std::move(holds));
}

} // namespace

backend::life region_section::is_held_by(detail::owner_token who) const noexcept {
    const handle hold(::OpenEventW(SYNCHRONIZE, FALSE, object_name::of_hold(id_, who).get()));
    return hold || ::GetLastError() != ERROR_FILE_NOT_FOUND ? backend::life::alive : backend::life::dead;
}

} // namespace crosswake::win32

namespace crosswake::backend {

using namespace win32;

std::unique_ptr<region> region::create(std::string_view name, std::size_t bytes, std::size_t /*reserved*/,
                                       permissions who, initialiser& initialise, std::error_code& error) {
    error.clear();
    const auto fail = [&error](DWORD e) {
        error = system_error_code(e);
        return nullptr;
    };
    security secured(who);
    region_section::holds holds;
    std::uint64_t id = 0;
    while (!holds.section) {
        id = std::max<std::uint64_t>(random_number(), 1);
        auto made = create_section(object_name::of_section(id), region_section::all_bytes(bytes), secured);
        const auto e = ::GetLastError();
        if (!made)
            return fail(e);
        if (e != ERROR_ALREADY_EXISTS)
            holds.section = std::move(made);
    }
    view mapped(holds.section, FILE_MAP_READ | FILE_MAP_WRITE);
    if (!mapped)
        return fail(::GetLastError());
    initialise(mapped.bytes());
    ::new (mapped.bytes()) section_header{
        .core_bytes = bytes, .who = static_cast<std::uint64_t>(who), .next_ticket = 1, .seats_used = 0, .reserved = 0};
    holds.hold = make_hold(id, secured);
    if (!holds.hold)
        return fail(::GetLastError());

    holds.directory = create_section(object_name::of_directory(name), directory_bytes, secured);
    const auto e = ::GetLastError();
    if (!holds.directory)
        return fail(e == ERROR_INVALID_HANDLE || e == ERROR_ACCESS_DENIED ? ERROR_ALREADY_EXISTS : e);
    const bool was_there = e == ERROR_ALREADY_EXISTS;
    if (was_there && !is_acceptable(holds.directory, who))
        return fail(ERROR_ALREADY_EXISTS);
    const view listed(holds.directory, FILE_MAP_READ | FILE_MAP_WRITE);
    if (!listed)
        return fail(::GetLastError());
    if (listed.size() == 0)
        return fail(ERROR_ALREADY_EXISTS); // something is, and open() says what
    auto there = entry_in(listed).load();
    do {
        if (there != 0 && is_section_alive(there))
            return fail(ERROR_ALREADY_EXISTS);
    } while (!entry_in(listed).compare_exchange_strong(there, id));
    // It was made for a region that may have let in others. Whoever is entered has its say, and nobody else.
    if (was_there)
        secured.replace_that_of(holds.directory);
    return std::make_unique<region_section>(std::move(mapped), bytes, who, id, std::move(holds));
}

std::unique_ptr<region> region::open(std::string_view name, permissions who, std::error_code& error) {
    for (;;) {
        error.clear();
        auto directory = open_section(object_name::of_directory(name), FILE_MAP_READ);
        if (!directory) {
            error = system_error_code(::GetLastError());
            return nullptr;
        }
        if (!is_acceptable(directory, who)) {
            error = errc::permission_denied;
            return nullptr;
        }
        const view listed(directory, FILE_MAP_READ);
        if (!listed) {
            error = system_error_code(::GetLastError());
            return nullptr;
        }
        if (listed.size() == 0) {
            error = errc::corrupted;
            return nullptr;
        }
        auto opened = open_listed(listed, directory, who, error);
        if (opened != nullptr || error)
            return opened;
    }
}

std::size_t sweep_regions(std::size_t /*most*/) noexcept {
    return 0; // the dead leave nothing
}

} // namespace crosswake::backend
