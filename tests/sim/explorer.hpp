// Goes through the runs of a scenario: all of them within limits, or random ones.
//
// All: depth first over the choices, each run from the start. A state that was seen before, with the same limits left,
// is not entered again: a process is a function of what it has seen, so a state is what each process has seen, the
// shared memory, and what is under way. Its number has 64 bits; that two states have the same one is the only way in
// which something within the limits can be missed.
//
// Settings come from the environment, so that ctest passes them on:
//
//     CROSSWAKE_MODEL_DEEPER    so many preemptions more than a plan has
//     CROSSWAKE_MODEL_SECONDS   how long each random plan goes on
//     CROSSWAKE_MODEL_ONLY      only plans with this in their name
//     CROSSWAKE_MODEL_TRACE     with the above: not to explore, but to replay this run and print its steps
//     CROSSWAKE_MODEL_TWICE     set: states seen before are entered again. Only to check the simulation itself
//     CROSSWAKE_TEST_SEED       of the random runs
#pragma once

#include <sim/world.hpp>

#include <functional>
#include <string>
#include <vector>

namespace crosswake::sim {

struct plan {
    std::string name;
    limits allowed;
    bool all = true; // or random
    std::function<scenario*()> make;
    bool deepens = true; // with CROSSWAKE_MODEL_DEEPER
};

/// Explores them all and prints a line for each. The program's exit code.
int explore(const std::vector<plan>& plans);

} // namespace crosswake::sim
