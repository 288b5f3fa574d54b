kind "A deadline is late, too early, or lasts longer than its wait"
mutant deadline-unheard "the loop is not told of a new wait's deadline" \
    unit.reactor "a deadline ends a wait as timed out, not early, with nothing taken: CHECK( r.next_deadline()" \
    $reactor 's/(enlist\(p, op, \*w\);)\s*settle\(\);/$1/'
mutant deadline-stale "the loop is not told that a wait was cancelled, and wakes at its deadline" \
    unit.reactor "there is no next deadline while nothing waits, and there is one while something does: CHECK" \
    $reactor 's/(wait_result::cancelled\);)\s*settle\(\);/$1/'
mutant deadline-unsifted "what takes a removed deadline's place in the heap moves down, and never up" \
    unit.reactor "deadlines end waits in their order, whatever the order in which they were started and cancelled: " \
    $heap 's/while \(at > 0 && earlier/while (false \&\& earlier/'
mutant deadline-of-later-child "of two deadlines below it, a deadline in the heap is compared with the later" \
    unit.reactor "deadlines end waits in their order, whatever the order in which they were started and cancelled: " \
    $heap 's/earlier\(child \+ 1, child\)/earlier(child, child + 1)/'
mutant timer-late "a context's timer, once set, is not set to an earlier moment" \
    async.threads "a wait that began later and ends sooner is not kept until the others end: REQUIRE( runs_out" \
    $service 's/ \|\| next\.steady_ns\(\) < timer_at_ns_\.load\(\)//'
mutant timeout-from-naming "a deferred operation's timeout counts from when it was named" \
    async.tokens "a deferred operation starts when it is given a handler, and its timeout counts from then: CHECK" \
    $handler 's/timeout_\(deadline::whole\(timeout\)\)/until_(deadline::after(deadline::whole(timeout)))/'
