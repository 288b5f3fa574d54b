// Child processes of tests: a role is the body of a child, written beside the test that starts it.
//
//     CROSSWAKE_ROLE(consumer) {                        // args: what the test gave the child
//         named<queue<int>> q{open_only, args[0]};
//         return q->pop() == 42 ? 0 : 1;                // the child's exit code
//     }
//     TEST_CASE("…") { child c{"consumer", {name}}; … CHECK(c.wait() == 0); }
//
// A child is this same program, started afresh (never forked and run on), which runs one role and ends. An exception
// that leaves a role is printed and makes the exit code 99.
#pragma once

#include <string>
#include <vector>

namespace crosswake::test {

using role_arguments = std::vector<std::string>;
using role_body = int (*)(const role_arguments& args);

struct role {
    role(const char* name, role_body body);
};

/// Runs the role that the command line asks for; false if it asks for none.
bool run_role(int argc, char** argv, int& exit_code);

} // namespace crosswake::test

#define CROSSWAKE_ROLE(name)                                                                                           \
    static int role_##name(const crosswake::test::role_arguments& args);                                               \
    static const crosswake::test::role register_role_##name{#name, role_##name};                                       \
    static int role_##name([[maybe_unused]] const crosswake::test::role_arguments& args)
