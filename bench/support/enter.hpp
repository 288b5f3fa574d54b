// How a measured process comes to use a peer that was made before it was forked.
//
// The peer's object is made by the sampler and inherited. Before the start each process enters it, on the side that it
// will be on, and at the end it leaves; a peer that has nothing to do then has no such function.
#pragma once

#include <cstddef>

namespace bench {

enum class side : bool { sender, receiver };

template <class Peer>
void enter(Peer& peer, side s, std::size_t index = 0) {
    if constexpr (requires { peer.enter(s, index); })
        peer.enter(s, index);
    else if constexpr (requires { peer.enter(); })
        peer.enter();
}

template <class Peer>
void enter(Peer& peer) {
    if constexpr (requires { peer.enter(); })
        peer.enter();
}

template <class Peer>
void leave(Peer& peer) {
    if constexpr (requires { peer.leave(); })
        peer.leave();
}

} // namespace bench
