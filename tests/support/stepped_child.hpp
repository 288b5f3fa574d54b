// A child that goes from one landmark to the next, to be cut short there. Where the system has that.
//
//     CROSSWAKE_ROLE(worker) { …; stepped_child::begin(); the_operation(); stepped_child::end(); …; return 0; }
//
// A landmark is an instruction after which others may see something new of the process: one that stores to a shared
// mapping, or calls the system. To be cut short anywhere between two landmarks comes to the same for everyone else;
// creep() is there to try that. The code that runs is the library as it is.
#pragma once

#include <support/child.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace crosswake::test {

class stepped_child {
public:
    /// Starts this program anew in the given role, and lets it run until it calls begin().
    explicit stepped_child(const std::string& role, const std::vector<std::string>& args = {});
    /// Kills it if it is still there.
    ~stepped_child();
    stepped_child(const stepped_child&) = delete;
    stepped_child& operator=(const stepped_child&) = delete;

    /// In the child, which has one thread: what lies between these two is stepped through.
    static void begin();
    static void end();

    enum class step : unsigned char {
        landmark, // it is right behind the next one
        asleep,   // it has called the system and sleeps there; the next step waits for it to be woken
        over,     // it has called end()
    };
    step next();
    /// One instruction further; not after it was asleep. false: that would be a landmark, and it stays before it.
    bool creep();

    /// Ends it where it is.
    void kill();
    /// Has it stopped where it is, as by child::stop(), and steps no more.
    void stop();
    /// After stop(): lets it go on by itself.
    void resume();
    /// After resume(): waits for its end, like child::wait().
    int wait();

    [[nodiscard]] std::uint32_t pid() const noexcept { return child_.pid(); }

private:
    class tracer;

    child child_;
    std::unique_ptr<tracer> tracer_;
};

} // namespace crosswake::test
