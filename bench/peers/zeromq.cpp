// ZeroMQ: PUSH and PULL over ipc. Its own threads do the sending.
#include <peers/roles.hpp>
#include <support/clock.hpp>
#include <support/enter.hpp>
#include <support/fresh_name.hpp>
#include <support/message.hpp>
#include <support/shared.hpp>

#include <fmt/format.h>
#include <zmq.h>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench::peer_zeromq {
namespace {

void check(int result) {
    if (result < 0)
        throw std::runtime_error(zmq_strerror(zmq_errno()));
}

/// Comes back when the handshake is over. Who connects before the other one has bound is refused, and tries again only
/// 100 ms later if nothing is set: nobody is to be measured meanwhile.
void connect(void* context, void* socket, const std::string& address) {
    const int again_ms = 1;
    check(zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &again_ms, sizeof again_ms));
    const auto tells = "inproc://" + fresh_name();
    check(zmq_socket_monitor(socket, tells.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED));
    void* const news = zmq_socket(context, ZMQ_PAIR);
    check(zmq_connect(news, tells.c_str()));
    check(zmq_connect(socket, address.c_str()));
    check(zmq_recv(news, nullptr, 0, 0)); // of the only event that is asked for
    check(zmq_socket_monitor(socket, nullptr, 0));
    zmq_close(news);
}

/// Receivers bind one address each; senders connect to all of them, and take turns. A context does not survive a fork,
/// so each process makes its own.
template <std::size_t Size>
class channel {
public:
    explicit channel(const traffic& t) : traffic_(t) {}

    void enter(side s, std::size_t index) {
        context_ = zmq_ctx_new();
        is_receiver_ = s == side::receiver;
        if (is_receiver_)
            return check(zmq_bind(opened(ZMQ_PULL, ZMQ_RCVHWM), address(index).c_str()));
        for (std::size_t i = 0; i < traffic_.consumers; ++i)
            connect(context_, opened(ZMQ_PUSH, ZMQ_SNDHWM), address(i));
    }
    /// Senders are the last to leave: when they close, a receiver that has stopped reading, because so much lies there
    /// already, loses what is still in the connection.
    void leave() {
        if (is_receiver_)
            ++*receivers_gone_;
        else
            while (*receivers_gone_ < traffic_.consumers)
                rest(0.0001);
        for (auto* const s : sockets_)
            zmq_close(s);
        zmq_ctx_term(context_);
    }
    void send(const message<Size>& m) { check(zmq_send(sockets_[turn_++ % sockets_.size()], &m, Size, 0)); }
    void receive(message<Size>& m) { check(zmq_recv(sockets_[0], &m, Size, 0)); }

private:
    void* opened(int type, int limit) {
        sockets_.push_back(zmq_socket(context_, type));
        const int room = static_cast<int>(traffic_.slots);
        check(zmq_setsockopt(sockets_.back(), limit, &room, sizeof room));
        return sockets_.back();
    }
    [[nodiscard]] std::string address(std::size_t index) const { // one in no file system
        return fmt::format("ipc://@{}-{}", name_, index);
    }

    traffic traffic_;
    std::string name_ = fresh_name();
    shared<std::atomic<std::size_t>> receivers_gone_{0u};
    bool is_receiver_ = false;
    void* context_ = nullptr;
    std::vector<void*> sockets_;
    std::size_t turn_ = 0;
};

const bool known = [] {
    add_channel<channel>("ZeroMQ");
    return true;
}();

} // namespace
} // namespace bench::peer_zeromq
