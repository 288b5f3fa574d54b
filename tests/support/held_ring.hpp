// A process that is paused in the midst of ringing another one's bell: it has said that it rings, and has not yet.
#pragma once

#include <functional>

namespace crosswake::test {

/// From now on the calling thread is held whenever it is about to sound a bell, until held(), which is called in
/// another thread, returns. held() must not sound a bell itself. For the rest of the process's life. false: the
/// system cannot.
bool hold_rings(std::function<void()> held);

} // namespace crosswake::test
