kind "What the dead leave is lost, is in the way, or is not told of"
mutant death-hidden "nobody after the first heir is told that an owner died inside" \
    model.mutex "2 threads, a kill: P2 is not told that the owner before it died" \
    $owner 's/\(now, me \| unsound\)/(now, me)/'
mutant loan-buried "a message whose receiver died is finished, and does not come again" \
    model.message_queue "1 units, 1 slots: receiver, sender, a kill: P1 waits for what is there" \
    $ring 's/(\bcame_back = [^\n]*)message_slot::waits/$1message_slot::finished/'
mutant last-act-ignored "what somebody did just before its death is overlooked" \
    model.message_queue "1 units, 1 slots: receiver, sender, closer, a kill: somebody was told" \
    $ring 's/if \((s\.state\.compare_exchange_strong\(state, message_slot::finished\))\)(\n\s*state =)/$1;$2/'
mutant delivery-unasked "nobody looks whether those who have items in hand live" \
    model.work_queue "room for 1: 2 takers, pusher, 2 kills: P1 waits for what is there" \
    $work 's/const bool ask = [^;]*;/const bool ask = false;/'
mutant delivery-untold "an item that comes again does not say so" \
    model.work_queue "room for 2: 2 takers, pusher, a kill: it is not told that the item was another's before" \
    $work 's/\+\+place\.redelivered;[^\n]*/;/'
mutant push-unfinished "a place that a pusher died in is in nobody's use for ever" \
    model.work_queue "room for 2: taker, 2 pushers, 2 kills: P2 waits for what is there" \
    $work 's/\(word == places::free \|\| word == places::waits_since\(p\)\)/(word == places::free)/'
mutant seat-unscrubbed "a dead reactor's seat is given away with its bits" \
    model.seats "inherited seat: other reactor, 2 threads, giver of 2: P3 waits for what is there" \
    $seats 's/if \(from != nobody\)\s*scrub\(s, index, limit\);//'
mutant crowd-unscrubbed "the same in the crowd" \
    model.seats "seat in the crowd being inherited: 2 reactors: P2 waits for what is there" \
    $seats 's/(if \(from != nobody)(\)\s*scrub)/$1 \&\& index < private_seats$2/'
