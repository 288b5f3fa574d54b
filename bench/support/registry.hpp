// Which peer can be measured in which scenario. Peers enter themselves while the program starts.
#pragma once

#include <support/options.hpp>

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace bench {

using sampler = std::function<values(const options&)>;

/// scenario -> peer -> how to take one sample.
inline std::map<std::string, std::map<std::string, sampler>>& registry() {
    static std::map<std::string, std::map<std::string, sampler>> all;
    return all;
}

inline void add(const std::string& scenario, const std::string& peer, sampler take) {
    registry()[scenario][peer] = std::move(take);
}

} // namespace bench
