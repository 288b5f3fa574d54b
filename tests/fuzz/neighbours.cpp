#include <fuzz/neighbours.hpp>

#include <backend/bell.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <system_error>

namespace crosswake::fuzz {

neighbours::neighbours() = default;

neighbours::words neighbours::start(bool stays) {
    int ends[2];
    if (::pipe(ends) != 0)
        std::abort();
    const auto child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::error_code error;
        const auto bell = backend::bell::make(error);
        const words mine{detail::this_process(), bell == nullptr ? 0 : bell->address() << 1 | 1};
        if (::write(ends[1], &mine, sizeof mine) != sizeof mine)
            std::abort();
        while (stays)
            ::pause();
        ::_exit(0);
    }
    words its;
    if (::read(ends[0], &its, sizeof its) != sizeof its || (!stays && ::waitpid(child, nullptr, 0) != child))
        std::abort();
    ::close(ends[0]);
    ::close(ends[1]);
    return its;
}

} // namespace crosswake::fuzz
