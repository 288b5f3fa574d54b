#include "counts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

// What wc of GNU coreutils 9.1 counts: white space ends a word, a printable character begins one, anything else
// (control characters, bytes above 127) does neither.
std::optional<counts> count_words(const std::filesystem::path& path, const std::function<bool()>& is_wanted) {
    static const auto is_white = [](unsigned char c) { return std::isspace(c) != 0; };
    static const auto is_ink = [](unsigned char c) { return std::isgraph(c) != 0; };
    static const auto kinds = [] {
        std::array<char, 256> table{};
        for (unsigned c = 0; c < table.size(); ++c)
            table[c] = is_white(static_cast<unsigned char>(c)) ? 'w'
                       : is_ink(static_cast<unsigned char>(c)) ? 'i'
                                                               : '-';
        return table;
    }();

    std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    counts found;
    bool in_word = false;
    std::array<char, 65536> chunk;
    while (is_wanted() && (file.read(chunk.data(), chunk.size()), file.gcount() > 0)) {
        const auto end = chunk.begin() + file.gcount();
        found.bytes += static_cast<std::uint64_t>(file.gcount());
        found.lines += static_cast<std::uint64_t>(std::count(chunk.begin(), end, '\n'));
        std::for_each(chunk.begin(), end, [&](char c) {
            const auto kind = kinds[static_cast<unsigned char>(c)];
            found.words += kind == 'i' && !in_word;
            in_word = kind == 'i' || (kind == '-' && in_word);
        });
    }
    return file.bad() ? std::nullopt : std::optional(found);
}
