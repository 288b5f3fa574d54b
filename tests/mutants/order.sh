kind "A store comes before its check, a step before another, or a second look is left out"
mutant sleep-untried "a thread that has announced itself sleeps without trying again" \
    model.semaphore "thread, giver: P0 waits for what is there" \
    $wait 's/why = op\.try_once\(\);/why = attempt::wait;/'
mutant arm-untried "a reactor that has set its bit waits without trying again" \
    model.semaphore "reactor, giver: P0 waits for what is there" \
    $reactor 's/const auto why = op\.try_once\(\);/const auto why = attempt::wait;/'
mutant still-count "a thread announces itself and leaves the count alone" \
    model.semaphore "2 threads, giver of 2: P1 waits for what is there" \
    $wait 's/\(now \+ wait_word::step\) \| /now | /'
mutant notes-first "a reactor takes its notes before the ring state goes quiet" \
    model.semaphore "reactor of 2, giver of 2: P0 waits for what is there" \
    $reactor 's/mailbox_\.quieten\(\);(.*?)(\n        if \(heard != backend)/$1mailbox_.quieten();$2/s'
mutant quiet-first "the ring state goes quiet before the bell is silenced" \
    model.semaphore "reactor of 2, giver of 2: P0 waits for what is there" \
    $reactor 's/(auto heard = [^\n]*)(.*?)mailbox_\.quieten\(\);/$1mailbox_.quieten();$2/s'
mutant rung-first "a bell is said to be rung before it is" \
    model.semaphore "reactor, 2 givers, a stop, helped: P0 waits for what is there" \
    src/core/mailbox.hpp 's/generation\(state\) \| ringing\)/generation(state) | rung)/'
mutant crowd-named-late "a member of the crowd names the word when it has tried already" \
    model.semaphore "crowd: 2 reactors, giver: P0 waits for what is there" \
    $reactor 's/announce\(\*m\.segment, m\.seat, word\);/word.seats.fetch_or(bit_of(m.seat));/;
     s/(const auto why = op\.try_once\(\);)/$1 if (m->seat >= private_seats) announce(*s, m->seat, op.word());/'
mutant crowd-withdrawn-late "a member of the crowd takes the name back when it has looked already" \
    model.semaphore "crowd: leaving, reactor, giver: P1 waits for what is there" \
    $reactor \
        's/(if \(!inherited_)(\)\s*)(withdraw\([^;]*;)(.*?wake_one\(\*w\.word\);)/
         $1 \&\& w.at->seat < private_seats$2$3$4 if (w.at->seat >= private_seats) $3/s'
mutant permit-taken-twice "a permit is seen and taken in two steps" \
    model.semaphore "reactor of 2, giver of 2: permits given and taken" \
    $semaphore \
        's/if \(permits_\.compare_exchange_weak\(now, now - 1\)\)\s*return true;/{
         permits_.store(now - 1); return true; }/'
mutant event-taken-twice "an event is seen and taken in two steps" \
    model.event "automatic: 2 threads, setter: it was set 1 times, and more have passed" \
    $event 's/is_set\(\) && set_\.exchange\(0\) != 0/is_set() \&\& (set_.store(0), true)/'
mutant event-rung-first "somebody is woken before the event is set" \
    model.event "automatic: reactor of 2, setter twice: P0 waits for what is there" \
    $event 's/(set_\.store\(1\);)(.*?wake_one\(sleepers_\);)/$2 $1/s'
mutant unlock-rung-first "somebody is woken before the lock is free" \
    model.mutex "timed thread, thread: P1 waits for what is there" \
    $mutex 's/(owner_ expected = me;)(.*?)(detail::wake_one\(sleepers_\);)\s*return true;/$1 $3 $2 return true;/s'
mutant heir-overwrites "a dead owner is seen and replaced in two steps" \
    model.mutex "closer, 2 threads, a kill: an exception" \
    $owner 's/if \(state_\.compare_exchange_strong\(now, me \| unsound\)\)/state_.store(me | unsound);/'
mutant commit-first "a push is over before the items are written" \
    model.queue "room for 1: popper, pusher: an item that nobody pushed" \
    include/crosswake/queue.hpp \
        's/(each_run\(e, \[items\]\(std::byte\* .*?\n            \}\);)\s*(core_->commit_push\([^;]*;)/$2 $1/s'
mutant drained-untried "a popper that finds nobody inside push any more does not look at the tail again" \
    model.queue "room for 1: popper, pusher, closer: a popper was told" \
    $queue 's/(const auto why = nothing_left\(\);)\s*head\.other_seen[^\n]*\s*if[^\n]*/$1/'
mutant reserved-before-written "the tail moves past a slot that does not say yet what it is" \
    model.message_queue "1 units, 1 slots: receiver, sender: a message is missing" \
    $ring 's/( *s\.place\.store.*?)( *\/\/ Pairs[^\n]*\n *tail\.position\.store[^\n]*\n)/$2$1/s'
mutant lent-before-marked "a message is on loan before it is marked as such that may come again" \
    model.message_queue "2 units, 2 slots: 2 receivers, sender, closer, a kill: out of order" \
    $ring 's/( *s\.content\.store\(content \+ high[^\n]*\n)(.*?)( *s\.state\.store[^\n]*on_loan[^\n]*\n)/$2$3$1/s'
mutant drained-while-reserved "a closed queue of messages is over while somebody is reserving" \
    model.message_queue "1 units, 1 slots: receiver, sender, closer: somebody was told" \
    $ring 's/is_closed \? core_->tail\.inside\.living_holder\(\) : nobody/nobody/'
mutant passed-first "the head passes an item that is in nobody's hand yet" \
    model.work_queue "room for 1: 2 takers, pusher, 2 kills: P1 waits for what is there" \
    $work 's/(const auto t = take_place\([^;]*;)\s*(head\.position\.store\(s\.after\(p\)[^;]*;)/$2 $1/'
mutant drained-in-hand "a closed work queue is over while an item is in somebody's hand" \
    model.work_queue "room for 1: 2 takers, pusher, closer: told that it is closed and drained, with an item in hand" \
    $work 's/if \(from != p\) [^;]*;//'
mutant dead-seat-taken-twice "a dead one's seat is seen and taken in two steps" \
    model.seats "seat being inherited: other reactor, thread, giver: P1 waits for what is there" \
    $seats \
        's/auto expected = from;\s*if \(!seat\.owner\.compare_exchange[^;]*;/
         seat.owner.store(detail::this_process());/s'
mutant seat-freed-unasked "who clears up gives a seat back that has become another's" \
    model.seats "seat being inherited: other reactor, thread, giver: P1 waits for what is there" \
    $seats 's/if \((inherit\(s, index, dead, w\.limit\))\)/$1;/'
