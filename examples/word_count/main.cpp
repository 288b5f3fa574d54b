// Counts lines, words and bytes of every file in a folder, as `wc` does in the C locale, with several processes.
//
//     word_count                            /usr/include (or the current folder), with 4 worker processes
//     word_count --folder src --workers 8
//     word_count --name wc --workers 0      makes no workers of its own, and waits for others …
//     word_count --join wc                  … that join by name: from other terminals, at any time, any number
//
// Two queues: files go out, counts come back. Any worker may be killed at any time, and the parent need not even
// notice: a worker confirms a file when it has given its count, and what a dead one had in hand goes to another.
// The parent holds a lock while it works. When it is through, or is killed, its workers get that lock, and end.
#include "../program.hpp"
#include "word_count.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <filesystem>

namespace fs = std::filesystem;

// What `find -type f` finds: no symbolic links, neither to files nor to folders.
static std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
        if (entry.symlink_status().type() == fs::file_type::regular)
            found.push_back(entry.path().string());
    return found;
}

int main(int argc, char** argv) try {
    CLI::App program{"Counts lines, words and bytes of every file in a folder, with several processes"};
    std::string folder = fs::is_directory("/usr/include") ? "/usr/include" : ".";
    std::string name = example::fresh_name("word_count"), joined;
    std::size_t workers = 4;
    program.add_option("--folder", folder, "The folder")->check(CLI::ExistingDirectory)->capture_default_str();
    program.add_option("--workers", workers, "Worker processes to start")->capture_default_str();
    program.add_option("--name", name, "What workers join by");
    program.add_option("--join", joined, "Be a worker of the word_count that has this name");
    CLI11_PARSE(program, argc, argv);
    if (joined.empty())
        return count(files_in(folder), name, workers);
    join(joined);
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
}
