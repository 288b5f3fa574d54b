// A worker process: takes jobs, and gives results, in one coroutine. It ends when the parent does.
#include "../boost_process.hpp"
#include "messages.hpp"

#include <crosswake/asio.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <string>

namespace asio = boost::asio;
namespace cw = crosswake;
using namespace asio::experimental::awaitable_operators;

result counted(std::uint32_t number, const std::string& path, const result_queue& results) {
    const auto found = count_words(path, [&results] { return !results.is_closed(); });
    return {number, found.has_value(), boost::this_process::get_id(), found.value_or(counts{})};
}

namespace {

asio::awaitable<void> work(job_queue& jobs, result_queue& results) {
    for (;;) {
        auto [no_more, j] = co_await cw::async_take(jobs, asio::as_tuple(asio::deferred));
        if (no_more)
            co_return;
        const auto [not_wanted] = co_await cw::async_push(results, counted(j.item().number, j.item().path, results),
                                                          asio::as_tuple(asio::deferred));
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
