/* Two wait words and a seat that changes hands: its owner leaves or dies, wakers clear up, newcomers sit down.
 *
 *   NT threads, each after one permit of the first word
 *   NR reactors: the predecessor in seat 0, the survivor in seat 1, both of which await both words; newcomers, which
 *      await the first word once they have a seat. FREE_SEAT: there is a seat 2, and nobody in it
 *   NW wakers, each with one permit to give, of either word
 *
 *   PREDECESSOR   LEAVES  it gives up its waits and then its seat, at any step
 *                 DIES    its process is killed, at any step
 *                 PAID    the same, but not between clearing a bit and looking: whatever it owes, its bits tell
 *                 EXECS   its process becomes another program, of which the first newcomer is; then the wakers come
 *   FATE          what befalls one more, FIRST_VICTIM to LAST_VICTIM: a waker; or a newcomer, stopped before it has
 *                 set its bit (later it is a stopped reactor, which wait.pml has)
 *   RECHECK       every sleeper tries again once in the end
 *   SHARED        the first newcomer is of the predecessor's process
 *   HOUSEMATE     the first waker is of the survivor's process
 *   IDLE          the survivor awaits nothing
 *   ONE_WORD      all permits are of the first word
 *   CROWD         the seats are the crowd's
 *
 * A newcomer comes when it finds the seat empty, or its owner dead. So one comes in the end, and the seat of whoever
 * died is scrubbed before the judge asks.
 */

#define LEAVES 1
#define DIES   2
#define PAID   3
#define EXECS  4

#ifndef NT
#define NT 0
#endif
#ifndef FREE_SEAT
#define FREE_SEAT 0
#endif
#ifndef RECHECK
#define RECHECK 0
#endif
#ifndef SHARED
#define SHARED (PREDECESSOR == EXECS)
#endif
#ifndef HOUSEMATE
#define HOUSEMATE 0
#endif
#ifndef IDLE
#define IDLE 0
#endif
#ifndef ONE_WORD
#define ONE_WORD 0
#endif
#ifndef LATE
#define LATE 1
#endif

#define WORDS     2
#define SEATS     (2 + FREE_SEAT)
#define MAILBOXES NR
#define MORTAL    1
#if IDLE
#define ANNOUNCED 1
#define ANNOUNCED_BY_SURVIVOR 0
#else
#define ANNOUNCED 3
#define ANNOUNCED_BY_SURVIVOR 3
#endif

#include "variants.pml"

#define predecessor      NT
#define survivor         (NT + 1)
#define newcomer         (NT + 2)
#define waker_number     (_pid - NT - NR)
#define my_box           (_pid - NT)

/* A process is named after its reactor, or else after its waker. Threads own nothing that counts. */
#define process_of(r)    ((SHARED && (r) == 2) -> 0 : (r))
#define my_process       ((HOUSEMATE && me == NT + NR) -> 1 : (me < NT -> 12 : process_of(me - NT)))
#define bell_in(p)       ((p) >= NR -> GONE : ((SHARED && (p) == 0 && (closed & bit_of(0))) -> 2 : (p)))

#if FREE_SEAT
#define FIRST_OWNERS    { 0, 1, NOBODY }
#define FIRST_ADDRESSES { 0, 1, GONE }
#define FIRST_LIVE      { 1, 1, 0 }
#else
#define FIRST_OWNERS    { 0, 1 }
#define FIRST_ADDRESSES { 0, 1 }
#define FIRST_LIVE      { 1, 1 }
#endif

/* After exec the process comes back with nothing but its name. */
#if PREDECESSOR == EXECS
#define may_come (closed & bit_of(0))
#else
#define may_come (owner[0] == NOBODY || is_dead(owner[0]))
#endif

#define broken(r)            (closed & bit_of(r))
#define counts_as_served(r)  1
#define AWAITED              3

#include "protocol.pml"
#include "seats.pml"

byte owing;    /* who has cleared a bit, and not yet looked */
byte arrived;  /* newcomers that have set their bit */
#if NR == 2
byte waiting[NR] = { 3, ANNOUNCED_BY_SURVIVOR };  /* the words that a reactor awaits */
#elif NR == 3
byte waiting[NR] = { 3, ANNOUNCED_BY_SURVIVOR, 0 };
#else
byte waiting[NR] = { 3, ANNOUNCED_BY_SURVIVOR, 0, 0 };
#endif

active [NT] proctype thread()
{
    SEAT_LOCALS;

    if
    :: take(0); goto out
    :: find_none(0)
    fi;
    do
    :: announce(0);
       if
       :: take(0); break
       :: find_none(0)
       fi;
       sleep_unless_moved(0);
       if
       :: take(0); break
       :: find_none(0)
       fi
    od;
    look_and_pass_on(0);
out:
    skip
}

/* None of the reactor's waits is left on the word. */
inline disarm(w) {
    d_step {
        alive ->
        seats[w] = seats[w] & ~bit_of(mine);
        waiting[my_box] = waiting[my_box] & ~bit_of(w);
        noted = noted & ~bit_of(w);
        owing = owing | my_bit
    };
#if WRONG != DISARM_UNLOOKED
    look_and_pass_on(w);
#endif
    owing = owing & ~my_bit
}

inline disarm_all() {
    do
    :: w < WORDS && !(waiting[my_box] & bit_of(w)) -> w++
    :: w < WORDS && (waiting[my_box] & bit_of(w)) -> disarm(w); w++
    :: w == WORDS -> break
    od;
    w = 0
}

/* A reactor does one thing at a time, under its lock. */
active [NR] proctype reactor()
{
    SEAT_LOCALS; byte mine = NOBODY, heir_of = NOBODY, noted, w; bit left;

    d_step {
        if
        :: me == predecessor -> mine = 0
        :: me == survivor -> mine = 1
        :: else
        fi
    };

end:
    do
    :: alive && bell[my_box] -> answer_bell(my_box)

    :: d_step { alive && noted -> w = (noted & bit_of(0) -> 0 : 1) };
       if
       :: d_step {
              alive && (waiting[my_box] & bit_of(w)) && permits[w] > 0 ->
              permits[w]--;
              acquired[w]++;
              waiting[my_box] = waiting[my_box] & ~bit_of(w)
          };
          disarm(w)
       :: d_step { alive && (!(waiting[my_box] & bit_of(w)) || permits[w] == 0) -> noted = noted & ~bit_of(w) }
       fi;
       w = 0

#if PREDECESSOR == LEAVES
    :: alive && me == predecessor && !left ->
       left = 1;
#if WRONG == LEFT_FIRST
       leave_seat(mine);
       disarm_all();
#else
       disarm_all();
       leave_seat(mine);
#endif
       if
       :: true
       :: d_step { alive -> closed = closed | bit_of(my_box) }
       fi
#endif

#if NR > 2
    :: d_step {
           alive && mine == NOBODY && me >= newcomer && may_come ->
           if
           :: owner[0] == NOBODY || is_dead(owner[0]) -> mine = 0; heir_of = owner[0]
#if FREE_SEAT
           :: else -> mine = 2
#elif PREDECESSOR == EXECS
           :: else -> mine = 0; heir_of = owner[0]
#endif
           fi
       };
       take_seat(mine, heir_of);
       if
       :: d_step { !inherited -> mine = NOBODY }
       :: d_step { inherited -> inherited = 0 };
          d_step {
              alive ->
#if WRONG == NONE
              assert(!((seats[0] | seats[1]) & bit_of(mine)));
#endif
              arrived = arrived | my_bit;
              seats[0] = seats[0] | bit_of(mine);
              waiting[my_box] = bit_of(0);
              noted = noted | bit_of(0)
          }
       fi;
       heir_of = NOBODY
#endif
    od
}

active [NW] proctype waker()
{
    SEAT_LOCALS; byte w;

#if PREDECESSOR == EXECS
    closed & bit_of(0);
#endif
    released[0] + released[1] == waker_number;
    if
    :: d_step { alive -> permits[0]++; released[0]++ }
#if !ONE_WORD
    :: d_step { alive -> permits[1]++; released[1]++; w = 1 }
#endif
    fi;
    wake_one(w)
}

/* --- what befalls them -------------------------------------------------------------------------------------------- */

#if PREDECESSOR != LEAVES
active proctype fate_of_predecessor()
{
    d_step {
        PREDECESSOR == DIES || !(owing & bit_of(predecessor)) ->
        halted = halted | bit_of(predecessor);
        closed = closed | bit_of(0);
#if PREDECESSOR != EXECS
        dead = dead | bit_of(0)
#endif
    }
}
#endif

#if FATE != NONE
active proctype fate()
{
    byte victim = FIRST_VICTIM;

    do
    :: victim < LAST_VICTIM -> victim++
    :: break
    od;
    atomic {
        FATE == KILLED || !(arrived & bit_of(victim)) ->
        halted = halted | bit_of(victim);
#if FATE == KILLED
        dead = dead | bit_of(victim - NT);
        if
        :: victim < NT + NR -> closed = closed | bit_of(victim - NT)
        :: else
        fi
#endif
    }
}
#endif

/* --- the judge ---------------------------------------------------------------------------------------------------- */

#define sleeps(r, w)  ((waiting[r] & bit_of(w)) && !(halted & bit_of(NT + (r))))
#if NR > 3
#define sleeping(w)   ((asleep[w] & ~halted) || sleeps(0, w) || sleeps(1, w) || sleeps(2, w) || sleeps(3, w))
#elif NR > 2
#define sleeping(w)   ((asleep[w] & ~halted) || sleeps(0, w) || sleeps(1, w) || sleeps(2, w))
#else
#define sleeping(w)   ((asleep[w] & ~halted) || sleeps(0, w) || sleeps(1, w))
#endif
#define stranded(w)   (permits[w] > 0 && sleeping(w))
#define balanced(w)   (permits[w] + acquired[w] == released[w])

active proctype judge()
{
    SEAT_LOCALS; byte w, before, further;

    timeout;
    assert(balanced(0) && balanced(1));

#if FATE == STOPPED
    do
    :: w < WORDS && !stranded(w) -> w++
    :: w < WORDS && stranded(w) ->
        assert(further < LATE);
        before = acquired[w];
        further++;
        release(w);
        wake_one(w);
        timeout;
        if
        :: acquired[w] > before -> further = 0; w++
        :: else
        fi
    :: w == WORDS -> break
    od;
    halted = halted & bit_of(predecessor);
    timeout;
#endif

#if RECHECK
    d_step {
        asleep[0] = 0;
        do
        :: before < NR && !(closed & bit_of(before)) -> notes[before] = 3; bell[before] = 1; before++
        :: before < NR && (closed & bit_of(before)) -> before++
        :: else -> before = 0; break
        od
    };
    timeout;
#endif

    assert(!stranded(0) && !stranded(1));
    assert(balanced(0) && balanced(1))
}
