// What has been counted so far: each file once, by its number.
#pragma once

#include "messages.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

class tally {
public:
    explicit tally(std::size_t files) : is_counted_(files) {}

    void take(const result& r) {
        if (r.number >= is_counted_.size() || is_counted_[r.number])
            return; // its first worker died when it had given the result, and before it could say so
        is_counted_[r.number] = true;
        ++counted;
        unreadable += !r.is_readable;
        ++files_by_worker[r.worker];
        total.lines += r.found.lines;
        total.words += r.found.words;
        total.bytes += r.found.bytes;
    }
    [[nodiscard]] bool is_done() const { return counted == is_counted_.size(); }

    std::size_t counted = 0, unreadable = 0;
    counts total;
    std::map<std::int64_t, std::size_t> files_by_worker;

private:
    std::vector<bool> is_counted_;
};
