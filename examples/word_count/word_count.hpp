// What the parent and its workers have in common: two queues.
#pragma once

#include <crosswake/queue.hpp>
#include <crosswake/work_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

struct job {
    std::uint32_t number;
    char path[4096]; // no system opens a longer one
};
struct result {
    std::uint32_t number;
    std::uint32_t is_readable;
    std::int64_t worker;
    std::uint64_t lines, words, bytes;
};
using job_queue = crosswake::work_queue<job>; // whose jobs come back if their worker dies
using result_queue = crosswake::queue<result>;

struct task {
    std::string folder, name;
    std::size_t workers;
    std::uint32_t capacity; // of each queue
    bool kill_one;
};

// The parent: has a folder's files counted, and prints what was found. Returns the exit code.
int count(const task& what);

// A worker of the word_count that has this name: works until there is no more to do, or nobody to do it for.
void join(const std::string& name);
