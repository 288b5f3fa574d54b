#include "parent.hpp"

#include "progress_line.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/dll/runtime_symbol_info.hpp>

#include <chrono>
#include <exception>

namespace asio = boost::asio;
namespace cw = crosswake;
namespace fs = std::filesystem;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

// What `find -type f` finds: no symbolic links, neither to files nor to folders.
std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
        if (entry.symlink_status().type() == fs::file_type::regular)
            found.push_back(entry.path());
    return found;
}

} // namespace

parent::parent(const fs::path& folder, const std::string& name, std::uint32_t capacity)
    : lock_{cw::create_only, name + ".parent"},
      alive_(*lock_), results_{cw::create_only, name + ".results", capacity}, jobs_{cw::create_only, name + ".jobs",
                                                                                    capacity},
      files_(files_in(folder)), tally_(files_.size()) {}

void parent::start_workers(std::size_t n, const std::string& name) {
    while (workers_.size() < n)
        workers_.emplace_back(boost::dll::program_location(), "--join", name);
}

bool parent::run(bool kill_one) {
    asio::cancellation_signal stop;
    bool interrupted = false;
    interrupt_.async_wait([&](boost::system::error_code cancelled, int) {
        if (!cancelled) {
            interrupted = true;
            stop.emit(asio::cancellation_type::terminal);
        }
    });
    const auto ended = [&](std::exception_ptr e) {
        interrupt_.cancel();
        if (e && !interrupted)
            std::rethrow_exception(e);
    };
    asio::co_spawn(loop_, hand_out() && collect(kill_one), asio::bind_cancellation_slot(stop.slot(), ended));
    loop_.run();
    interrupt_.clear(); // a second Ctrl-C does what it always does

    jobs_->close();
    results_->close();
    for (auto& w : workers_)
        w.wait();
    return !interrupted;
}

asio::awaitable<void> parent::hand_out() {
    for (std::uint32_t i = 0; i < files_.size(); ++i)
        if (const auto j = job_for(i))
            co_await cw::async_push(*jobs_, *j); // waits while the queue is full
        else
            tally_.take(counted(i, files_[i].string(), *results_)); // the path is too long for an item
}

asio::awaitable<void> parent::collect(bool kill_one) {
    progress_line progress;
    while (!tally_.is_done()) {
        const auto [error, r] = co_await cw::async_pop_for(*results_, 100ms, asio::as_tuple(asio::deferred));
        if (!error)
            tally_.take(r);
        else if (error != cw::errc::timed_out)
            throw boost::system::system_error(error);
        progress.show(tally_, files_.size());
        if (kill_one && !workers_.empty() && tally_.counted >= files_.size() / 2) {
            killed_ = workers_.front().id();
            workers_.front().terminate();
            workers_.erase(workers_.begin());
            kill_one = false;
        }
    }
}

std::optional<job> parent::job_for(std::uint32_t number) const {
    const auto path = files_[number].string();
    job j{.number = number, .path = {}};
    if (path.size() >= sizeof(j.path))
        return std::nullopt;
    path.copy(j.path, path.size());
    return j;
}
