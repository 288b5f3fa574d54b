kind "A wake-up is dropped: on cancelling or timing out, by who was woken, by who should ring or listen"
drops='s/if \(last\.ready\(\)\)\s*wake_one\(\*w\.word\);//'
mutant permit-dropped "who cancels a wait, or times out, does not pass the ring on" \
    model.semaphore "thread, timed reactor, giver of 2: P0 waits for what is there" \
    $reactor "$drops"
mutant event-dropped "the same" \
    model.event "automatic: thread, cancelling, setter twice: P0 waits for what is there" \
    $reactor "$drops"
mutant lock-dropped "the same" \
    model.mutex "thread, reactor, cancelling once: P1 waits for what is there" \
    $reactor "$drops"
mutant item-dropped "the same" \
    model.queue "room for 1: reactor, cancelling once, pusher: P0 waits for what is there" \
    $reactor "$drops"
mutant message-dropped "the same" \
    model.message_queue "1 units, 1 slots: reactor, cancelling once, sender: P0 waits for what is there" \
    $reactor "$drops"
mutant work-dropped "the same" \
    model.work_queue "room for 1: reactor, cancelling once, pusher: P0 waits for what is there" \
    $reactor "$drops"
mutant seat-dropped "the same" \
    model.seats "both, thread, 2 givers: P1 waits for what is there" \
    $reactor "$drops"
mutant timeout-untried "a thread whose time is up when it is woken does not try" \
    model.semaphore "2 timed threads, thread, giver: P2 waits for what is there" \
    $wait 's/(if \(!looks \|\| look_up == until)/if (look_up == until) return false; $1/'
mutant thread-unlooked "a thread that was woken does not pass on what else there is" \
    model.semaphore "2 threads, giver, a stop, helped: P1 waits for what is there" \
    $wait 's/has_slept && op\.ready\(\)/false \&\& has_slept/'
mutant crowd-perhaps-serves "ringing a member of the crowd that has not named the word counts as served" \
    model.semaphore "busy crowd: leaving, thread, giver of 2: P1 waits for what is there" \
    $seats 's/return said == awaits::this_word;/return true;/'
mutant unlock-unrung "who lets a lock go wakes nobody" \
    model.mutex "timed thread, thread: P1 waits for what is there" \
    $mutex 's/detail::wake_one\(sleepers_\);\s*return true;/return true;/'
mutant closed-wakes-itself "a popper wakes itself for ever while somebody is inside push of a closed queue" \
    model.queue "room for 1: popper, pusher, closer: it goes on for ever" \
    $queue 's/\(has_items\(\) \|\| \(closed\.load\(\) != 0 && tail\.holder\.load\(\) == nobody\)\)/can_pop()/'
mutant room-unshared "a sender that finds too little room does not wake those who want less" \
    model.message_queue "2 units, 2 slots: receiver of 2, sender of 4, large sender: P1 waits for what is there" \
    $ring 's/wake_all\(core_->pushers\);(\n    return o;)/{}$1/'
mutant room-stays-told "it does so once, and for new room not again" \
    model.message_queue "2 units, 2 slots: receiver of 2, sender of 4, large sender: P1 waits for what is there" \
    $ring 's/core\.all_woken\.store\(0\);//'
mutant caller-forgotten "who found an end of the queue held is not woken when it is let go" \
    model.message_queue "1 units, 1 slots: receiver of 2, sending reactor: P1 waits for what is there" \
    $ring 's/if \(\(came & hold::p(opp|ush)er\) != 0\)/if (false)/g'
mutant confirm-unrung "who confirms does not wake a pusher for whom there is room now" \
    model.work_queue "room for 1: 2 takers, pusher, 2 kills: P2 waits for what is there" \
    $work 's/(if \(!let_go_of\(s, slot, places::free\)\)\s*return false;)\s*wake_a_pusher\(s\);/$1/'
mutant return-unflagged "who puts an item back does not leave word that one came back" \
    model.work_queue "room for 2: returner, taker, pusher: P1 waits for what is there" \
    $work 's/returned\.store\(1\);\s*wake_one\(takers\);/wake_one(takers);/'
mutant behind-unserved "who cancels, or times out, does not have those tried who stood behind it" \
    async.message_queue \
    "whoever waits behind a large reservation that gives up gets the room that there is: REQUIRE( runs_out" \
    $reactor 's/if \(was_first\)\s*serve\(w, over\);//'
mutant death-unheard "a bell does not listen for a process's death" \
    contract.bell "a bell that listens for deaths hears each once, of those only that it listens for: REQUIRE" \
    $bell 's/m\.handle && hear_rarely\(m\.handle\)/m.handle/'
mutant departure-unheard "a bell does not listen for those who leave an object" \
    contract.region_ring \
    "a bell that listens to a region hears who rings through it, here and in another process, and who dies: CHECK" \
    $bell 's/departure = IN_CLOSE_WRITE/departure = IN_Q_OVERFLOW/'
mutant departure-ignored "a reactor that hears of a departure looks at nothing" \
    model.mutex "soon: 2 reactors, thread, a kill: P1 waits for what is there" \
    $reactor \
        's/(if \(heard != backend::bell::heard::nothing_special)/$1 \&\& heard != backend::bell::heard::a_departure/'
mutant departure-looked-at-once "a reactor that hears of a departure does not look once more a moment later" \
    model.work_queue "room for 2: soon: 2 reactors, pusher, a kill unheard: P0 waits for what is there" \
    $reactor 's/looks_once_more_ = true;/return;/'
