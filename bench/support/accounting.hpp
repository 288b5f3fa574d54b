// What the kernel has booked on a process: from /proc, no guessing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace bench {

struct bill {
    double cpu_ms = 0;
    double wakeups = 0; // each voluntary switch away from a processor ends with one
};

/// Of all threads of the process.
inline bill bill_of(pid_t pid) {
    bill b;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        double on_cpu_ns = 0;
        if (std::ifstream(thread.path() / "schedstat") >> on_cpu_ns)
            b.cpu_ms += on_cpu_ns / 1e6;
        std::ifstream status(thread.path() / "status");
        for (std::string word; status >> word;)
            if (word == "voluntary_ctxt_switches:") {
                double switches = 0;
                status >> switches;
                b.wakeups += switches;
            }
    }
    return b;
}

/// What this process has in memory.
inline double resident_kib() {
    std::ifstream statm("/proc/self/statm");
    double all = 0, resident = 0;
    statm >> all >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

inline double threads_here() {
    double n = 0;
    for ([[maybe_unused]] const auto& thread : std::filesystem::directory_iterator("/proc/self/task"))
        ++n;
    return n;
}

} // namespace bench
