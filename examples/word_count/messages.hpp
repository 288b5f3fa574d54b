// What the parent and its workers have in common: two queues, and a lock.
#pragma once

#include "counts.hpp"

#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>
#include <crosswake/queue.hpp>
#include <crosswake/work_queue.hpp>

#include <cstdint>
#include <string>

struct job {
    std::uint32_t number;
    char path[1020];
};
struct result {
    std::uint32_t number;
    std::uint32_t is_readable;
    std::int64_t worker;
    counts found;
};
using job_queue = crosswake::work_queue<job>; // whose jobs come back if their worker dies
using result_queue = crosswake::queue<result>;

// Counts one file, for whoever calls.
result counted(std::uint32_t number, const std::string& path, const result_queue& results);

// A worker of the word_count that has this name: works until there is no more to do, or nobody to do it for.
void join(const std::string& name);
