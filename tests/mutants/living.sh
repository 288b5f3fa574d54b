kind "Recovery by timeout, or without proof: the living are robbed"
timeout='s/if \(s != nullptr && backend/if (last.owner == owner || backend/'
mutant lock-by-timeout "an owner that lives longer than a look or two is taken for dead" \
    model.mutex "2 threads, a stop: P1 is told of a death, and nobody died" \
    $owner "$timeout"
mutant queue-by-timeout "the same of who is inside push or pop" \
    model.queue "room for 1: popper, pusher, closer, a stop: a popper was told" \
    $owner "$timeout"
mutant message-by-timeout "the same of who has a message" \
    model.message_queue "1 units, 1 slots: receiver, sender, a stop: somebody who lives had a message" \
    $owner "$timeout"
mutant work-by-timeout "the same of who has an item in hand" \
    model.work_queue "room for 1: taker, pusher, closer, a stop: a taker was told" \
    $owner "$timeout"
mutant end-robbed "whoever is inside push or pop is taken for dead" \
    model.queue "room for 1: popper, 2 pushers: 1 items are missing" \
    $owner 's/return owner_is_dead\(now, this\) && holder/return holder/'
mutant writer-robbed "whoever is writing a message is taken for dead" \
    model.message_queue "2 units, 2 slots: receiver of 2, sender of 4, large sender: a message is missing" \
    $ring 's/is_reserved\(state\) && owner_is_dead\(state, core_\)/is_reserved(state)/g'
mutant delivery-robbed "whoever has an item in hand is taken for dead" \
    model.work_queue "room for 2: 2 takers, pusher, a kill: an exception" \
    $work 's/&& owner_is_dead\(word, this\) &&/\&\&/'
mutant heirs-share-seat "of two threads that find the seat of the program before, both take it" \
    model.seats "2 heirs of one process, giver of 2: P2 waits for what is there" \
    $seats 's/if \(from == detail::this_process\(\)\) \{/if (false) {/'
