// iceoryx: publish and subscribe, with a copy on both sides; its loans would spare both. A daemon keeps its memory, and
// is started for each sample.
#include <peers/roles.hpp>
#include <support/fresh_name.hpp>

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench::peer_iceoryx {
namespace {

/// Runs while any channel lives.
class daemon {
public:
    static std::shared_ptr<daemon> started() {
        static std::weak_ptr<daemon> known;
        auto d = known.lock();
        if (d == nullptr)
            known = d = std::shared_ptr<daemon>(new daemon);
        return d;
    }
    daemon(const daemon&) = delete;
    daemon& operator=(const daemon&) = delete;
    ~daemon() {
        kill(pid_, SIGTERM); // killed harder, it would leave its memory behind
        waitpid(pid_, nullptr, 0);
    }

private:
    daemon() : pid_(fork()) {
        if (pid_ != 0)
            return;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        execlp("iox-roudi", "iox-roudi", "--log-level", "off", "--monitoring-mode", "off", nullptr);
        _exit(127);
    }

    pid_t pid_;
};

template <std::size_t Size>
class channel {
    using item = message<Size>;

public:
    explicit channel(const traffic& t) : slots_(std::min<std::size_t>(t.slots, 256)) {
        if (t.consumers != 1)
            throw cannot("each of several subscribers would get every message");
    }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    /// Measured processes end without their destructors, which would have removed their sockets.
    ~channel() {
        for (const auto& file : std::filesystem::directory_iterator("/tmp"))
            if (file.path().filename().string().starts_with(service_))
                std::filesystem::remove(file.path());
    }

    void enter(side s, std::size_t /*index*/) {
        using namespace iox;
        log::LogManager::GetLogManager().SetDefaultLogLevel(log::LogLevel::kOff, log::LogLevelOutput::kHideLogLevel);
        runtime::PoshRuntime::initRuntime({cxx::TruncateToCapacity, fmt::format("{}-{}", service_, getpid())});
        const capro::ServiceDescription service{{cxx::TruncateToCapacity, service_}, "bench", "messages"};
        if (s == side::sender) {
            popo::PublisherOptions how;
            how.subscriberTooSlowPolicy = popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
            out_ = std::make_unique<popo::Publisher<item>>(service, how);
            while (!out_->hasSubscribers())
                rest(0.001);
            return;
        }
        popo::SubscriberOptions how;
        how.queueCapacity = slots_;
        how.queueFullPolicy = popo::QueueFullPolicy::BLOCK_PRODUCER;
        in_ = std::make_unique<popo::Subscriber<item>>(service, how);
        news_ = std::make_unique<popo::WaitSet<>>();
        news_->attachState(*in_, popo::SubscriberState::HAS_DATA).or_else([](auto) {
            throw std::runtime_error("attachState");
        });
    }
    void leave() {
        news_.reset();
        in_.reset();
        out_.reset();
    }
    void send(const item& m) {
        out_->publishCopyOf(m).or_else([](auto) { throw std::runtime_error("no memory left to publish in"); });
    }
    void receive(item& m) {
        for (;;) {
            bool got = false;
            in_->take().and_then([&](const auto& sample) {
                m = *sample;
                got = true;
            });
            if (got)
                return;
            news_->wait();
        }
    }

private:
    std::shared_ptr<daemon> daemon_ = daemon::started();
    std::size_t slots_;
    std::string service_ = fresh_name();
    std::unique_ptr<iox::popo::Publisher<item>> out_;
    std::unique_ptr<iox::popo::Subscriber<item>> in_;
    std::unique_ptr<iox::popo::WaitSet<>> news_;
};

const bool known = [] {
    add_channel<channel>("iceoryx");
    return true;
}();

} // namespace
} // namespace bench::peer_iceoryx
