// A name that no other run has.
#pragma once

#include <random>
#include <string>

inline std::string fresh_name() {
    std::random_device random;
    return "consumer-" + std::to_string(random()) + "-" + std::to_string(random());
}
