// What `wc` counts in a file, in the C locale.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

struct counts {
    std::uint64_t lines = 0, words = 0, bytes = 0;
};

// nullopt: the file cannot be read. Stops when nobody wants to know any more.
std::optional<counts> count_words(const std::filesystem::path& path, const std::function<bool()>& is_wanted);
