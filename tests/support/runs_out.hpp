// A context that comes to the end of its work, or says that it does not.
#pragma once

#include <support/in_time.hpp>

#include <boost/asio/io_context.hpp>

namespace crosswake::test {

/// Runs it until nothing is left to be done; false: something waits, and nothing brings it to its end.
[[nodiscard]] inline bool runs_out(boost::asio::io_context& context) {
    return in_time([&context](auto limit) {
        context.run_for(limit);
        return context.stopped();
    });
}

} // namespace crosswake::test
