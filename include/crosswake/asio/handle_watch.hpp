// One native handle of a reactor, watched by an event loop.
#pragma once

#include <crosswake/native_handle.hpp>

namespace crosswake::detail {

/// The handle stays its owner's: it is watched, and released, never closed.
class handle_watch {
public:
    class listener {
    public:
        /// rang: the handle is readable. Else the watch was cancelled. Either way it has ended.
        virtual void on_handle(handle_watch& watch, bool rang) = 0;

    protected:
        ~listener() = default;
    };

    virtual ~handle_watch() = default;
    handle_watch(const handle_watch&) = delete;
    handle_watch& operator=(const handle_watch&) = delete;

    /// Tells the listener once.
    void start() {
        is_pending = true;
        do_start();
    }
    virtual void cancel() = 0;
    /// Lets go of the handle; the listener hears no more.
    virtual void release() = 0;
    /// Whether the signal is consumed when the listener is told: reactor::dispatch_silenced() is then enough.
    [[nodiscard]] virtual bool consumes() const noexcept = 0;

    bool is_pending = false;

protected:
    handle_watch() = default;

private:
    virtual void do_start() = 0;
};

} // namespace crosswake::detail
