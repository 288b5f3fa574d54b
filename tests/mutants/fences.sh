kind "A fence's partner is missing: of two accesses that need each other, this one is not sequentially consistent"
mutant announced-late "a thread's announcement that it will sleep" \
    model.semaphore "thread, giver: P0 waits for what is there" \
    $wait \
        's/if \(word\.epoch\.compare_exchange_weak\(now, next\)\)\s*return/
         word.epoch.store(next, std::memory_order_release); return/'
mutant armed-late "a reactor's bit in the word" \
    model.semaphore "reactor, giver: P0 waits for what is there" \
    $seats \
        's/word\.seats\.fetch_or\((bit_of\(index\))\)/
         word.seats.store(word.seats.load() | $1, std::memory_order_release)/'
mutant permit-given-late "the count of a semaphore" \
    model.semaphore "thread, giver: P0 waits for what is there" \
    $semaphore \
        's/while \(!permits_\.compare_exchange_weak\(now, (now \+ count)\)\)/
         while ((permits_.store($1, std::memory_order_release), false))/'
mutant event-set-late "that an event is set" \
    model.event "automatic: thread, setter twice: P0 waits for what is there" \
    $event 's/set_\.store\(1\);/set_.store(1, std::memory_order_release);/'
mutant unlocked-late "that a lock is free" \
    model.mutex "timed thread, thread: P1 waits for what is there" \
    $mutex \
        's/!state_\.compare_exchange_strong\((expected), nobody_sound\)/
         ($1 = state_.load()) != me || (state_.store(nobody_sound, std::memory_order_release), false)/'
mutant pushed-late "that nobody is inside push" \
    model.queue "room for 1: popper, pusher: P0 waits for what is there" \
    $queue 's/tail\.holder\.exchange\(nobody\)/tail.holder.store(nobody, std::memory_order_release)/'
mutant popped-late "that nobody is inside pop" \
    model.queue "room for 1: popper of 2, pusher of 2: P1 waits for what is there" \
    $queue 's/head\.holder\.exchange\(nobody\)/head.holder.store(nobody, std::memory_order_release)/'
mutant released-late "that a message waits, or its room is free" \
    model.message_queue "1 units, 1 slots: receiver, sender: P0 waits for what is there" \
    $ring 's/slot->state\.exchange\(next\);/slot->state.store(next, std::memory_order_release);/'
mutant work-pushed-late "that nobody is inside push, of a work queue" \
    model.work_queue "room for 1: taker, pusher: P0 waits for what is there" \
    $work 's/tail\.holder\.exchange\(nobody\)/tail.holder.store(nobody, std::memory_order_release)/'
mutant confirmed-late "that the place of an item is free" \
    model.work_queue "room for 1: timed taker, pusher: P1 waits for what is there" \
    $work \
        's/return (s\.at\(slot\)\.word)\.compare_exchange_strong\(mine, next\)/
         return $1.load() == mine \&\& ($1.store(next, std::memory_order_release), true)/'
