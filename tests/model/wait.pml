/* One wait word: threads, reactors and wakers, what they may do, and what may befall one of them.
 *
 *   NT threads, each after one permit          DEADLINES  a thread may give up while it sleeps
 *   NR reactors, each with up to WAITS waits   CANCELS    how many waits a reactor may cancel
 *   NW wakers, each with one permit to give    CROWD      how many of the reactors share the crowd's bit
 *                                              OTHER_WORD a waker of another word rings the first reactor
 *
 * Threads are alike, and so are wakers: numbering them by who comes first loses nothing and saves much.
 */

#include "variants.pml"

#ifndef DEADLINES
#define DEADLINES 0
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef WAITS
#define WAITS 1
#endif
#ifndef OTHER_WORD
#define OTHER_WORD 0
#endif
#ifndef LATE
#define LATE 1
#endif

#define thread_number  (_pid)
#define reactor_number (_pid - NT)
#define waker_number   (_pid - NT - NR)

/* A dead reactor's pipe has no reader. */
#if FATE == KILLED
#define broken(s) (halted & bit_of(NT + (s)))
#else
#define broken(s) 0
#endif

/* The crowd's bit is that of its first member, and stays. Each member says what it awaits: this word; or several that it
 * cannot name, among them this one or not. */
#define in_crowd(s) ((s) < CROWD)
#define seat_bit(s) (in_crowd(s) -> bit_of(0) : bit_of(s))
#if CROWD
#define everybody_behind(bits) ((bits) | (((bits) & bit_of(0)) -> bit_of(CROWD) - 1 : 0))
#define NAMED   1
#define UNNAMED 2
byte says[CROWD];
#define CROWD_LOCALS ; byte said
#define counts_as_served(s) (!in_crowd(s) || said == NAMED || WRONG == PERHAPS_SERVES)
#else
#define everybody_behind(bits) (bits)
#define CROWD_LOCALS
#define counts_as_served(s) 1
#endif
#define AWAITED bit_of(0)

#include "protocol.pml"

/* Whom a waker may turn to next. ANY_ORDER leaves it all open, and what holds then holds for every policy. Else: bells
 * that are not rung before those that are, and threads before bells that are rung. */
#define listed(s) (todo & bit_of(s))
#define fresh(s)  (listed(s) && ring_state[s] != rung)
#if ANY_ORDER
#define next(s)   listed(s)
#elif WRONG == RUNG_BEFORE_THREADS
#define next(s)   (listed(s) && (fresh(s) || !(fresh(0) || fresh(1) || fresh(2))))
#else
#define next(s)   (listed(s) && (fresh(s) || !(threads || fresh(0) || fresh(1) || fresh(2))))
#endif

#if CROWD
inline ring_announced(s, w) {
    if
    :: !in_crowd(s) -> ring(s, w)
    :: d_step { alive && in_crowd(s) -> said = says[s] };
       if
       :: said == 0
       :: said != 0 -> ring(s, w); said = 0
       fi
    fi
}
#else
#define ring_announced(s, w) ring(s, w)
#endif

inline wake_one(w) {
    d_step { alive -> threads = flag[w] };
    d_step { alive -> todo = everybody_behind(seats[w]) };
    do
    :: d_step { !served && threads -> threads = 0 }; wake_thread(w)
    :: d_step { !served && next(0) -> todo = todo & ~bit_of(0) }; ring_announced(0, w)
    :: d_step { !served && next(1) -> todo = todo & ~bit_of(1) }; ring_announced(1, w)
    :: d_step { !served && next(2) -> todo = todo & ~bit_of(2) }; ring_announced(2, w)
    :: d_step { served || (!threads && !todo) -> served = 0; threads = 0; todo = 0 }; break
    od
}

byte arrived;         /* threads that have tried at least once */
byte waiting[SEATS];  /* waits that are listed in a reactor */

active [NT] proctype thread()
{
    WAKER_LOCALS CROWD_LOCALS; bit deadline, had_to_wait;

    arrived == thread_number;
    if
    :: deadline = 0
#if DEADLINES
    :: deadline = 1
#endif
    fi;
    if
    :: take(0); arrived++; goto out
    :: find_none(0); arrived++
    fi;

    do
    :: announce(0);
#if WRONG != SLEEP_UNTRIED
       if
       :: take(0); break
       :: find_none(0)
       fi;
#endif
       had_to_wait = 1;
       sleep_unless_moved(0);
       if
       :: take(0); break
       :: find_none(0)
       :: d_step { alive && deadline && !awake(0) -> asleep[0] = asleep[0] & ~my_bit }; goto out
       fi
    od;

#if WRONG != THREAD_UNLOOKED
    if
    :: !had_to_wait
    :: had_to_wait -> look_and_pass_on(0)
    fi;
#endif
out:
    skip
}

/* Users start and cancel waits from threads of their own, so a reactor may turn to anything between any two steps. */
active [NR] proctype reactor()
{
    WAKER_LOCALS CROWD_LOCALS; bit armed, noted; byte starts = WAITS; byte cancels;
#if CROWD
    byte name, otherwise;  /* what the seat says while the word is awaited, and while it is not */
#endif

    do
    :: cancels < CANCELS -> cancels++
    :: break
    od;
#if CROWD
    if
    :: !in_crowd(reactor_number)
    :: in_crowd(reactor_number) -> name = NAMED
    :: in_crowd(reactor_number) -> name = UNNAMED
    :: d_step { in_crowd(reactor_number) -> name = UNNAMED; otherwise = UNNAMED; says[reactor_number] = UNNAMED }
    fi;
#endif

end:
    do
    :: d_step { alive && starts > 0 && permits[0] > 0 -> starts--; permits[0]--; acquired[0]++ }
    :: d_step { alive && starts > 0 && permits[0] == 0 -> starts-- };
       if
       :: d_step { alive && armed -> waiting[reactor_number]++ }
#if CROWD
       :: d_step {
              alive && !armed && in_crowd(reactor_number) ->
              waiting[reactor_number]++;
              armed = 1;
#if WRONG != NAMED_LATE
              says[reactor_number] = name
#endif
          };
          d_step { alive -> seats[0] = seats[0] | seat_bit(reactor_number); noted = 1 };
#if WRONG == NAMED_LATE
          if
          :: alive && permits[0] > 0
          :: d_step { alive && permits[0] == 0 -> noted = 0 }
          fi;
          d_step { alive -> says[reactor_number] = name };
#endif
          skip
#endif
       :: d_step {
              alive && !armed && !in_crowd(reactor_number) ->
              waiting[reactor_number]++;
              armed = 1;
              seats[0] = seats[0] | seat_bit(reactor_number);
              noted = (WRONG != ARM_UNTRIED)
          }
       fi
    :: alive && bell[reactor_number] -> answer_bell(reactor_number)
    :: d_step {
           alive && noted && waiting[reactor_number] > 0 && permits[0] > 0 ->
           permits[0]--;
           acquired[0]++;
           waiting[reactor_number]--
       }
    :: d_step { alive && noted && (waiting[reactor_number] == 0 || permits[0] == 0) -> noted = 0 }
    :: d_step { alive && cancels > 0 && waiting[reactor_number] > 0 -> cancels--; waiting[reactor_number]-- }
    :: d_step {
           alive && armed && waiting[reactor_number] == 0 ->
           armed = 0;
           if
           :: !in_crowd(reactor_number) -> seats[0] = seats[0] & ~seat_bit(reactor_number)
#if CROWD
           :: in_crowd(reactor_number) && WRONG != WITHDRAWN_LATE -> says[reactor_number] = otherwise
#endif
           :: else
           fi
       };
#if WRONG != DISARM_UNLOOKED
       look_and_pass_on(0)
#else
       skip
#endif
#if WRONG == WITHDRAWN_LATE
       ; says[reactor_number] = otherwise
#endif
    od
}

active [NW] proctype waker()
{
    WAKER_LOCALS CROWD_LOCALS;

    released[0] == waker_number;
    release(0);
    wake_one(0)
}

#if OTHER_WORD
active proctype other_waker()
{
    WAKER_LOCALS CROWD_LOCALS;
    ring(0, 1)
}
#endif

/* --- the judge ---------------------------------------------------------------------------------------------------- */

/* Says once nobody can take a step any more whether all is well. */

#define sleeps(s) (waiting[s] > 0 && !(halted & bit_of(NT + (s))))
#define stranded (permits[0] > 0 && ((asleep[0] & ~halted) || sleeps(0) || sleeps(1) || sleeps(2)))
#define balanced (permits[0] + acquired[0] == released[0])

#if FATE != NONE
/* A stopped thread may or may not have been taken off the kernel's queue by the signal that stopped it; a dead one is. */
active proctype fate()
{
    byte victim = FIRST_VICTIM;

    do
    :: victim < LAST_VICTIM -> victim++
    :: break
    od;
    if
    :: halted = bit_of(victim)
#if FIRST_VICTIM < NT
    :: d_step { halted = bit_of(victim); asleep[0] = asleep[0] & ~bit_of(victim) }
#endif
    fi
}
#endif

active proctype judge()
{
    WAKER_LOCALS CROWD_LOCALS; byte before, further;

    timeout;
    assert(balanced);

#if FATE == STOPPED
    /* While one is stopped, its debt may be late, but later releases are not lost on the others. */
    do
    :: d_step { !stranded -> before = 0; further = 0 }; break
    :: else ->
        assert(further < LATE);
        before = acquired[0];
        further++;
        release(0);
        wake_one(0);
        timeout;
        if
        :: acquired[0] > before -> break
        :: else
        fi
    od;
    halted = 0;
    timeout;
#endif

#if FATE == KILLED
    /* The re-check: every sleeper tries again once. */
    d_step {
        asleep[0] = 0;
        before = 0;
        do
        :: before < NR -> notes[before] = 1; summary[before] = 1; bell[before] = 1; before++
        :: else -> before = 0; break
        od
    };
    timeout;
#endif

    assert(!stranded);
    assert(balanced)
}
