#include <support/memory.hpp>

#include <fstream>
#include <string>

namespace crosswake::test {

std::size_t private_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "RssAnon:") {
            std::size_t kilobytes = 0;
            status >> kilobytes;
            return kilobytes * 1024;
        }
    return 0;
}

} // namespace crosswake::test
