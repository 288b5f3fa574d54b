// The joint by itself: what one awaited wake-up costs, and what waking a thousand costs, beside one eventfd each.
//
//     joint [--rounds N] [--trips N] [--smoke]
//
// Real processes; the rounds of both are interleaved, and a figure is the ratio of medians from one run. The peer is
// what a user of Asio would write on Linux: an eventfd shared by fork, in a stream_descriptor.
#include <crosswake/asio.hpp>
#include <crosswake/named.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <fmt/format.h>

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace cw = crosswake;
namespace asio = boost::asio;
using std::chrono::duration;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t many = 1000;

void pin_to(std::size_t core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        throw std::runtime_error("cannot pin to a core");
}

double microseconds_since(steady_clock::time_point begin) {
    return duration<double, std::micro>(steady_clock::now() - begin).count();
}

double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

/// Runs the other side in a forked child, which has nothing of the library's yet, and waits for its end.
class other_side {
public:
    explicit other_side(const std::function<void()>& body) : pid_(fork()) {
        if (pid_ != 0)
            return;
        int code = 0;
        try {
            body();
        } catch (const std::exception& e) {
            fmt::print(stderr, "{}\n", e.what());
            code = 1;
        }
        _exit(code);
    }
    ~other_side() { waitpid(pid_, nullptr, 0); }

private:
    pid_t pid_;
};

void run(const std::function<asio::awaitable<void>()>& body) {
    asio::io_context io(1);
    asio::co_spawn(io, body(), [](const std::exception_ptr& e) {
        if (e)
            std::rethrow_exception(e);
    });
    io.run();
}

std::string fresh_name() {
    static int count = 0;
    return fmt::format("joint-{}-{}", getpid(), count++);
}

// ------------------------------------------------------------------------------------------------------ round trips

struct two_semaphores {
    alignas(64) cw::semaphore there;
    alignas(64) cw::semaphore back;
};

double crosswake_trip(int trips, std::size_t core, std::size_t other_core) {
    const auto name = fresh_name();
    const cw::named<cw::semaphore> ready{cw::create_only, name + "-ready"};
    const other_side child([&] {
        pin_to(other_core);
        const cw::named<two_semaphores> pair{cw::create_only, name};
        cw::named<cw::semaphore>(cw::open_only, name + "-ready")->release();
        run([&]() -> asio::awaitable<void> {
            for (int i = 0; i < trips; ++i) {
                co_await cw::async_acquire(pair->there);
                pair->back.release();
            }
        });
    });
    pin_to(core);
    ready->acquire();
    const cw::named<two_semaphores> pair{cw::open_only, name};
    const auto begin = steady_clock::now();
    run([&]() -> asio::awaitable<void> {
        for (int i = 0; i < trips; ++i) {
            pair->there.release();
            co_await cw::async_acquire(pair->back);
        }
    });
    return microseconds_since(begin) / trips;
}

class eventfd_signal {
public:
    eventfd_signal() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (fd_ < 0)
            throw std::runtime_error("no eventfd left");
    }
    eventfd_signal(const eventfd_signal&) = delete;
    ~eventfd_signal() { close(fd_); }
    void set() const {
        const std::uint64_t one = 1;
        if (write(fd_, &one, sizeof one) != sizeof one)
            throw std::runtime_error("eventfd: write");
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

double eventfd_trip(int trips, std::size_t core, std::size_t other_core) {
    const eventfd_signal there;
    const eventfd_signal back;
    const auto side = [trips](const eventfd_signal& from, const eventfd_signal& to, bool first) {
        run([&, first]() -> asio::awaitable<void> {
            asio::posix::stream_descriptor incoming(co_await asio::this_coro::executor, dup(from.fd()));
            std::uint64_t value = 0;
            for (int i = 0; i < trips; ++i) {
                if (first)
                    to.set();
                co_await incoming.async_read_some(asio::buffer(&value, sizeof value), asio::use_awaitable);
                if (!first)
                    to.set();
            }
        });
    };
    const other_side child([&] {
        pin_to(other_core);
        side(there, back, false);
    });
    pin_to(core);
    const auto begin = steady_clock::now();
    side(back, there, true);
    return microseconds_since(begin) / trips;
}

// --------------------------------------------------------------------------------------------------- a thousand waits

struct thousand {
    std::array<cw::semaphore, many> words;
    cw::semaphore all_wait;
    cw::semaphore all_awake;
};

struct wake_cost {
    double waker;
    double all_awake;
};

/// Waits until the other side, which has said that it is about to wait, really sleeps.
void let_it_fall_asleep() {
    for (const auto begin = steady_clock::now(); microseconds_since(begin) < 20'000;)
        sched_yield();
}

wake_cost crosswake_thousand() {
    const auto name = fresh_name();
    const cw::named<cw::semaphore> ready{cw::create_only, name + "-ready"};
    const other_side child([&] {
        pin_to(1);
        const cw::named<thousand> t{cw::create_only, name};
        asio::io_context io(1);
        std::size_t awake = 0;
        for (auto& word : t->words)
            cw::async_acquire(io.get_executor(), word, [&](boost::system::error_code) {
                if (++awake == many)
                    t->all_awake.release();
            });
        asio::post(io, [&] { cw::named<cw::semaphore>(cw::open_only, name + "-ready")->release(); });
        io.run();
    });
    pin_to(0);
    ready->acquire();
    const cw::named<thousand> t{cw::open_only, name};
    let_it_fall_asleep();
    const auto begin = steady_clock::now();
    for (auto& word : t->words)
        word.release();
    const auto waker = microseconds_since(begin);
    t->all_awake.acquire();
    return {waker, microseconds_since(begin)};
}

wake_cost eventfd_thousand() {
    const auto name = fresh_name();
    const std::vector<eventfd_signal> signals(many);
    const cw::named<cw::semaphore> ready{cw::create_only, name};
    const cw::named<cw::semaphore> all_awake{cw::create_only, name + "-awake"};
    const other_side child([&] {
        pin_to(1);
        const cw::named<cw::semaphore> last{cw::open_only, name + "-awake"};
        asio::io_context io(1);
        std::size_t awake = 0;
        std::vector<std::uint64_t> values(many);
        std::vector<asio::posix::stream_descriptor> incoming;
        for (const auto& s : signals)
            incoming.emplace_back(io, dup(s.fd()));
        for (std::size_t i = 0; i < many; ++i)
            incoming[i].async_read_some(asio::buffer(&values[i], sizeof values[i]),
                                        [&](boost::system::error_code, std::size_t) {
                                            if (++awake == many)
                                                last->release();
                                        });
        asio::post(io, [&] { cw::named<cw::semaphore>(cw::open_only, name)->release(); });
        io.run();
    });
    pin_to(0);
    ready->acquire();
    let_it_fall_asleep();
    const auto begin = steady_clock::now();
    for (const auto& s : signals)
        s.set();
    const auto waker = microseconds_since(begin);
    all_awake->acquire();
    return {waker, microseconds_since(begin)};
}

void compare(const char* what, const char* unit, std::vector<double> ours, std::vector<double> peers) {
    const auto [mine, theirs] = std::pair{median(std::move(ours)), median(std::move(peers))};
    fmt::print("{:<46} {:>9.2f} {:>9.2f} {}  ratio {:.2f}\n", what, mine, theirs, unit, mine / theirs);
}

} // namespace

int main(int argc, char** argv) {
    int rounds = 9;
    int trips = 20'000;
    bool smoke = false;
    CLI::App app{"crosswake's wake-ups beside one eventfd each"};
    app.add_option("--rounds", rounds, "interleaved rounds of each")->check(CLI::PositiveNumber);
    app.add_option("--trips", trips, "round trips in a round")->check(CLI::PositiveNumber);
    app.add_flag("--smoke", smoke, "everything once and briefly");
    CLI11_PARSE(app, argc, argv);
    if (smoke) {
        rounds = 1;
        trips = 200;
    }
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max; // the peer needs two thousand
    setrlimit(RLIMIT_NOFILE, &files);

    std::vector<double> one_core, one_core_peer, two_cores, two_cores_peer, waker, waker_peer, awake, awake_peer;
    for (int i = 0; i < rounds; ++i) {
        one_core.push_back(crosswake_trip(trips, 0, 0));
        one_core_peer.push_back(eventfd_trip(trips, 0, 0));
        two_cores.push_back(crosswake_trip(trips, 0, 1));
        two_cores_peer.push_back(eventfd_trip(trips, 0, 1));
        const auto ours = crosswake_thousand();
        const auto peer = eventfd_thousand();
        waker.push_back(ours.waker);
        waker_peer.push_back(peer.waker);
        awake.push_back(ours.all_awake);
        awake_peer.push_back(peer.all_awake);
    }
    fmt::print("{:<46} {:>9} {:>9}\n", "", "crosswake", "eventfd");
    compare("awaited round trip, one core", "us", one_core, one_core_peer);
    compare("awaited round trip, two cores", "us", two_cores, two_cores_peer);
    compare("wake 1,000 awaited objects: the waker is through", "us", waker, waker_peer);
    compare("wake 1,000 awaited objects: all are awake", "us", awake, awake_peer);
    return 0;
}
