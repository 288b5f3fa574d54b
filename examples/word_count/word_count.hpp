// What the parent and its workers share: two queues.
#pragma once

#include <crosswake/queue.hpp>
#include <crosswake/work_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct job {
    std::uint64_t number;
    char path[4096]; // no system opens a longer one
};
struct result {
    std::uint64_t number; // the job's
    std::int64_t worker;
    std::uint64_t lines, words, bytes;
    bool is_missing; // it could not be opened
};
struct board {
    crosswake::work_queue<job, 64> jobs; // which come back if their worker dies
    crosswake::queue<result, 64> results;
};

// The parent: has the files counted, and prints what was found. Returns the exit code.
int count(const std::vector<std::string>& files, const std::string& name, std::size_t workers);

// A worker of the word_count that has this name: works until the parent ends, or dies.
void join(const std::string& name);
