// How awaiting processes reach each other when nobody forces it, and a bell cannot be had: through the segment. Each
// wake-up arrives all the same.
#include <async/play.hpp>

#include <support/child.hpp>
#include <support/rights.hpp>
#include <support/role.hpp>
#include <support/system.hpp>

#include <doctest/doctest.h>

using namespace crosswake::test;

CROSSWAKE_ROLE(play_among_other_process_numbers) {
    if (!enter_new_process_numbers())
        return not_permitted_here;
    return child{"play", args}.wait();
}

TEST_CASE("a process that may not look into another reaches it through the segment, and is reached") {
    const auto r = play("play", "nobody", "itself");
    if (permitted(r.asker)) {
        CHECK(r.asker == used_segment);
        // The other one is privileged, and may have found a way in.
        CHECK((r.answerer == used_direct || r.answerer == used_segment));
    }
}

TEST_CASE("processes that may not look into each other reach each other through the segment") {
    // Both have changed their user, which closes them to all but the privileged.
    if (permitted(play("play", "nobody", "itself").asker)) {
        const auto r = play("play", "nobody", "nobody");
        CHECK(r.asker == used_segment);
        CHECK(r.answerer == used_segment);
    }
}

TEST_CASE("processes that number processes differently reach each other through the segment") {
    const auto r = play("play_among_other_process_numbers", "itself", "itself");
    if (permitted(r.asker)) {
        CHECK(r.asker == used_segment);
        CHECK(r.answerer == used_segment);
    }
}
