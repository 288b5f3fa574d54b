// A process that answers: the other side of a round trip.
#pragma once

#include <support/role.hpp>

#include <crosswake/named.hpp>
#include <crosswake/semaphore.hpp>

#include <string>

// args: question, answer, how often.
CROSSWAKE_ROLE(acquire_and_answer) {
    crosswake::named<crosswake::semaphore> question{crosswake::open_only, args[0]};
    crosswake::named<crosswake::semaphore> answer{crosswake::open_only, args[1]};
    for (auto n = std::stoi(args[2]); n-- > 0;) {
        question->acquire();
        answer->release();
    }
    return 0;
}
