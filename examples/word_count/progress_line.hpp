// A line that overwrites itself, ten times a second; only on a terminal.
#pragma once

#include "tally.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <system_error>

class progress_line {
public:
    ~progress_line() {
        if (is_shown_)
            fmt::print(stderr, "\r{:70}\r", "");
    }
    void show(const tally& t, std::size_t files) {
        if (!is_shown_ || std::chrono::steady_clock::now() < next_)
            return;
        next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
        fmt::print(stderr, "\r{:3} % of {} files, {} words, {} workers ", 100 * t.counted / files, files, t.total.words,
                   t.files_by_worker.size());
    }

private:
    std::error_code ignored_;
    bool is_shown_ = std::filesystem::is_character_file("/dev/stderr", ignored_);
    std::chrono::steady_clock::time_point next_;
};
