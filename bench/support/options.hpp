// What a sample is asked for, and what it answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// Every scenario takes what it needs of these; main.cpp turns each into a switch of the same name.
struct options {
    double seconds = 0.2;                 // how long to measure
    std::vector<std::size_t> cores{0, 1}; // the two that the processes are pinned to
    bool one_core = false;                // all processes on the first of them
    std::size_t processes = 2;
    std::size_t think_us = 0; // how long each side takes for its answer
    std::size_t size = 64;    // bytes in a message
    std::size_t producers = 1;
    std::size_t consumers = 1;
    std::size_t batch = 1;    // messages handed over in one call
    std::size_t count = 1000; // objects awaited, processes killed
    std::uint32_t seed = 0;   // of the moments at which they are killed: the same ones for all peers of a round

    [[nodiscard]] std::size_t core_of(std::size_t process) const {
        return one_core ? cores.front() : cores[process % cores.size()];
    }
};

/// Figures by name. The units are in the names: trip_us, wake_ms, messages_per_s.
using values = std::map<std::string, double>;

/// The peer cannot do what is asked; the reason goes into the report.
class cannot : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace bench
