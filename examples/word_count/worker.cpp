// A worker process: takes jobs, and gives results, in one coroutine. It ends when the parent does.
#include "../boost_process.hpp"
#include "word_count.hpp"

#include <crosswake/asio.hpp>
#include <crosswake/mutex.hpp>
#include <crosswake/named.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;

namespace {

// What wc of GNU coreutils 9.1 counts in the C locale: white space ends a word, a printable character begins one,
// anything else (control characters, bytes above 127) does neither.
result counted(const job& j) {
    result r{};
    r.number = j.number;
    r.worker = boost::this_process::get_id();
    std::ifstream file(j.path, std::ios::binary);
    std::array<char, 65536> chunk;
    bool in_word = false;
    while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
        const auto size = static_cast<std::size_t>(file.gcount());
        for (std::size_t i = 0; i < size; ++i) {
            const auto c = static_cast<unsigned char>(chunk[i]);
            const bool begins = std::isgraph(c) != 0;
            r.words += begins && !in_word;
            in_word = begins || (in_word && std::isspace(c) == 0);
        }
        r.lines += static_cast<std::uint64_t>(std::count(chunk.data(), chunk.data() + size, '\n'));
        r.bytes += size;
    }
    r.is_readable = file.is_open() && !file.bad();
    return r;
}

asio::awaitable<void> work(job_queue& jobs, result_queue& results) {
    for (;;) {
        auto [no_more, j] = co_await cw::async_take(jobs, asio::as_tuple(asio::deferred));
        if (no_more)
            co_return;
        const auto [not_wanted] = co_await cw::async_push(results, counted(j.item()), asio::as_tuple(asio::deferred));
        if (not_wanted)
            co_return;
        j.confirm(); // from here on nobody else has to count this file
    }
}

// The parent holds this lock as long as it lives, so getting it is the news of its death.
asio::awaitable<void> end_of(cw::mutex& parent) {
    co_await cw::async_lock(parent);
}

} // namespace

void join(const std::string& name) {
    cw::named<job_queue> jobs{cw::open_only, name + ".jobs"};
    cw::named<result_queue> results{cw::open_only, name + ".results"};
    cw::named<cw::mutex> parent{cw::open_only, name + ".parent"};

    asio::io_context loop;
    asio::co_spawn(loop, work(*jobs, *results) || end_of(*parent), asio::detached);
    loop.run();
}
