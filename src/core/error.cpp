// The texts of the library's errors.
#include <crosswake/error.hpp>

#include <string>

namespace crosswake {
namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "crosswake"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::closed:
            return "closed";
        case errc::timed_out:
            return "timed out";
        case errc::aborted:
            return "the object was closed, or the reactor destroyed, while the wait was pending";
        case errc::not_found:
            return "not found";
        case errc::already_exists:
            return "already exists";
        case errc::permission_denied:
            return "permission denied: it is another user's, or not open to this one";
        case errc::incompatible:
            return "exists, but is not what is asked for";
        case errc::corrupted:
            return "its shared bytes are not what this library writes";
        case errc::invalid_name:
            return "a name is 1 to 200 characters of A-Z a-z 0-9 . _ -";
        case errc::invalid_argument:
            return "invalid argument";
        case errc::not_shared:
            return "waiting on an object that is in no shared segment";
        case errc::no_space:
            return "no shared memory left";
        case errc::too_many_permits:
            return "more permits than the maximum";
        case errc::operation_not_permitted:
            return "operation not permitted: this process is not the owner";
        case errc::too_many_reactors:
            return "too many reactors wait in one segment";
        case errc::too_large:
            return "too large";
        }
        return "unknown error " + std::to_string(value);
    }

    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
        case errc::timed_out:
            return std::errc::timed_out;
        case errc::aborted:
            return std::errc::operation_canceled;
        case errc::not_found:
            return std::errc::no_such_file_or_directory;
        case errc::already_exists:
            return std::errc::file_exists;
        case errc::permission_denied:
            return std::errc::permission_denied;
        case errc::invalid_name:
        case errc::invalid_argument:
            return std::errc::invalid_argument;
        case errc::no_space:
            return std::errc::no_space_on_device;
        case errc::operation_not_permitted:
            return std::errc::operation_not_permitted;
        case errc::too_large:
            return std::errc::message_size;
        default:
            return {value, *this};
        }
    }
};

} // namespace

const std::error_category& error_category() noexcept {
    static const category instance;
    return instance;
}

void detail::raise(std::error_code code, const std::string& what) {
    throw std::system_error(code, what);
}

} // namespace crosswake
