#include <support/role.hpp>

#include <cstdio>
#include <exception>
#include <map>
#include <string_view>

namespace crosswake::test {
namespace {

std::map<std::string, role_body>& roles() {
    static std::map<std::string, role_body> all;
    return all;
}

} // namespace

role::role(const char* name, role_body body) {
    roles().emplace(name, body);
}

bool run_role(int argc, char** argv, int& exit_code) {
    if (argc < 3 || std::string_view(argv[1]) != "--role")
        return false;
    exit_code = 98;
    const auto it = roles().find(argv[2]);
    if (it == roles().end()) {
        std::fprintf(stderr, "no role %s\n", argv[2]);
        return true;
    }
    try {
        exit_code = it->second({argv + 3, argv + argc});
    } catch (const std::exception& e) {
        std::fprintf(stderr, "role %s: %s\n", argv[2], e.what());
        exit_code = 99;
    }
    return true;
}

} // namespace crosswake::test
