// A worker process: takes jobs, and gives results, in one coroutine.
#include "../program.hpp"
#include "../run.hpp"
#include "word_count.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <fstream>
#include <string_view>

namespace asio = boost::asio;
namespace cw = crosswake;

namespace {

// What wc of GNU coreutils 9.1 counts in the C locale: white space ends a word, a printable character begins one,
// anything else (control characters, bytes above 127) does neither.
result counted(const job& j) {
    std::ifstream file(j.path, std::ios::binary);
    result r{};
    r.number = j.number;
    r.worker = boost::this_process::get_id();
    r.is_missing = !file;
    if (r.is_missing)
        fmt::print(stderr, "{} cannot be read\n", j.path);
    std::array<char, 65536> chunk;
    bool in_word = false;
    while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
        const std::string_view bytes(chunk.data(), static_cast<std::size_t>(file.gcount()));
        r.bytes += bytes.size();
        for (const char c : bytes) {
            const int byte = static_cast<unsigned char>(c);
            const bool begins = std::isgraph(byte) != 0;
            r.words += begins && !in_word;
            in_word = begins || (in_word && std::isspace(byte) == 0);
            r.lines += c == '\n';
        }
    }
    return r;
}

asio::awaitable<void> work(board& b) {
    for (;;) {
        auto j = co_await cw::async_take(b.jobs);
        co_await cw::async_push(b.results, counted(j.item()));
        j.confirm(); // from here on nobody else has to count this file
    }
}

} // namespace

void join(const std::string& name) {
    cw::named<board> b{cw::open_only, name};
    cw::named<cw::mutex> parent{cw::open_only, name + ".parent"};
    asio::io_context loop;
    asio::co_spawn(loop, work(*b), example::rethrow);
    // Who gets this lock has outlived its parent, or the work.
    cw::async_lock(loop.get_executor(), *parent, [&](auto...) { loop.stop(); });
    loop.run();
}
