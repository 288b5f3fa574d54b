// How a call was refused.
#pragma once

#include <string>
#include <system_error>

namespace crosswake::test {

struct refusal {
    std::error_code code; // none if it was not
    std::string text;

    [[nodiscard]] bool says(const std::string& part) const { return text.find(part) != std::string::npos; }
};

/// What the system_error says that `call` ends with.
template <class Call>
refusal refusal_of(Call call) {
    try {
        call();
    } catch (const std::system_error& e) {
        return {e.code(), e.what()};
    }
    return {};
}

template <class Call>
std::error_code error_of(Call call) {
    return refusal_of(call).code;
}

} // namespace crosswake::test
