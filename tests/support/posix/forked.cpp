#include <support/forked.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace crosswake::test {

forked::forked(const std::function<int()>& body) : pid_(static_cast<thread_number>(::fork())) {
    if (pid_ != 0)
        return;
    int code = 99;
    try {
        code = body();
    } catch (...) {
    }
    ::_exit(code);
}

forked::~forked() {
    if (static_cast<pid_t>(pid_) <= 0) // it was waited for, or never born
        return;
    ::kill(static_cast<pid_t>(pid_), SIGKILL);
    wait();
}

int forked::wait() {
    int status = 0;
    ::waitpid(static_cast<pid_t>(pid_), &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace crosswake::test
