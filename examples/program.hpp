// What every example does beside what it shows: it plays a role, and starts itself once more for another.
#pragma once

// Boost.Process in its first version, which has a folder of its own since Boost 1.86 and is not the default since 1.88.
#if __has_include(<boost/process/v1/child.hpp>)
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/environment.hpp>
#else
#include <boost/process/child.hpp>
#include <boost/process/environment.hpp>
#endif

#include <boost/dll/runtime_symbol_info.hpp>
#include <fmt/format.h>

#include <exception>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <string>

namespace example {

/// For objects that no other run shares.
inline std::string fresh_name(const std::string& program) {
    return fmt::format("{}-{:08x}", program, std::random_device{}());
}

/// Another process of this program. It is killed if the result goes before its end.
template <class... Args>
boost::process::child start(const Args&... arguments) {
    return boost::process::child(boost::dll::program_location(), arguments...);
}

/// Waits for its end, which has to be a good one.
inline void finish(boost::process::child& other) {
    other.wait();
    if (other.exit_code() != 0)
        throw std::runtime_error(fmt::format("process {} ended with {}", other.id(), other.exit_code()));
}

struct role {
    std::string word;
    void (*play)(const std::string& name); // of the objects that the roles share
};

/// A whole main() for `program [role [name]]`: without a role it plays the first one, without a name under a fresh one.
inline int play(int argc, char** argv, std::initializer_list<role> roles) try {
    const auto word = argc > 1 ? argv[1] : roles.begin()->word;
    const auto name = argc > 2 ? argv[2] : fresh_name("example");
    for (const auto& r : roles)
        if (r.word == word) {
            r.play(name);
            return 0;
        }
    throw std::invalid_argument("there is no role " + word);
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}

} // namespace example
