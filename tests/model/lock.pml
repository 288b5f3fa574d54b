/* A lock that changes hands: taken, given back, and taken over from the dead.
 *
 *   NP processes with a thread each, which has the lock TIMES times
 *   DEATHS and STOPS: how many of them are killed, and stopped until the others can go no further; at any steps
 *   HEARD: whose death wakes those who sleep: ANYBODYS, or SEEN: that of the owner that was there when they tried last
 *   RECHECK: everybody who sleeps tries again once
 *
 * How sleepers are woken is wait.pml's matter. Here all sleep as threads do; who has a reactor instead announces itself
 * and is woken by the same rules.
 */

#include "variants.pml"

#ifndef TIMES
#define TIMES 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#define ANYBODYS 0
#define SEEN     1
#ifndef HEARD
#define HEARD ANYBODYS
#endif
#ifndef RECHECK
#define RECHECK 0
#endif
#undef MORTAL
#define MORTAL 1

#include "protocol.pml"

#define everybody (bit_of(NP) - 1)

/* The lock's word: a process, or nobody; and a flag. */
byte owner = NOBODY;
bit unsound; /* somebody died inside, and nobody has said since that the data are in order */

byte dead;    /* the others of those who are halted are stopped */
byte news;    /* who has not heard yet of the last death */
byte inside;  /* for the books: who works on the data ... */
bit spoilt;   /* ... and whether they are as somebody left them who died over it */
byte through; /* who has had the lock as often as it wants */

#if WRONG == BY_TIMEOUT
#define taken_for_dead(p) (halted & bit_of(p))
#else
#define taken_for_dead(p) (dead & bit_of(p))
#endif

#define swap_fits (owner == now && unsound == now_unsound)

inline look() { now = owner; now_unsound = unsound }

/* mutex::try_lock and try_lock_contended. */
inline try_lock() {
    if
    :: d_step { alive && owner == NOBODY && !unsound -> owner = me; got = 1; told = 0 }
    :: d_step { alive && (owner != NOBODY || unsound) -> look() };
       do
       :: now == NOBODY ->
          if
          :: d_step { alive && swap_fits -> owner = me; got = 1; told = now_unsound }; break
          :: d_step { alive && !swap_fits -> look() }
          fi
       :: now != NOBODY ->
          if
          :: alive && taken_for_dead(now) ->
             if
             :: d_step {
#if WRONG == OWNER_STORED
                    alive ->
#else
                    alive && swap_fits ->
#endif
                    owner = me;
                    unsound = (WRONG != FLAG_LOST);
                    got = 1;
                    told = 1
                };
                break
#if WRONG != OWNER_STORED
             :: d_step { alive && !swap_fits -> look() }
#endif
             fi
          :: alive && !taken_for_dead(now) -> break
          fi
       od
    fi
}

inline unlock() {
    if
    :: d_step { alive && !unsound -> assert(owner == me); owner = NOBODY }
    :: d_step { alive && unsound -> assert(owner == me) };
       d_step { alive -> owner = NOBODY }
    fi;
#if WRONG != UNRUNG
    if
    :: alive && !flag[0]
    :: alive && flag[0] -> wake_thread(0); served = 0
    fi
#endif
}

#if HEARD == SEEN
#define hears (now != NOBODY && (dead & bit_of(now)))
#else
#define hears (news & my_bit)
#endif

active [NP] proctype process()
{
    bit served, got, told, now_unsound; byte now = NOBODY, times = TIMES;

    do
    :: times == 0 -> break
    :: times > 0 ->
       times--;
       try_lock();
       do
       :: got -> break
       :: !got ->
          announce(0);
          try_lock();
          if
          :: got
          :: !got ->
             sleep_unless_moved(0);
             if
             :: alive && awake(0)
             :: d_step { alive && !awake(0) && hears -> asleep[0] = asleep[0] & ~my_bit; news = news & ~my_bit }
             fi;
             try_lock()
          fi
       od;
       got = 0;

       d_step { alive -> assert(!inside); assert(told || !spoilt); inside = my_bit };
       if
       :: told ->
          d_step { alive -> spoilt = 0 };
          d_step { alive -> unsound = 0 } /* mark_sound */
       :: alive
       fi;
       d_step { alive -> inside = 0 };
       unlock()
    od;
    through = through | my_bit
}

/* --- what befalls them, and the judge ------------------------------------------------------------------------------ */

#if DEATHS || STOPS
inline kill(p) {
    d_step {
        p < NP && deaths > 0 && (halted & bit_of(p)) == 0 ->
        deaths--;
        halted = halted | bit_of(p);
        dead = dead | bit_of(p);
        spoilt = spoilt || (inside & bit_of(p));
        inside = inside & ~bit_of(p);
        asleep[0] = asleep[0] & ~bit_of(p);
        news = everybody & ~dead
    }
}

inline stop(p) { d_step { p < NP && stops > 0 && (halted & bit_of(p)) == 0 -> stops--; halted = halted | bit_of(p) } }

active proctype fate()
{
    byte deaths = DEATHS, stops = STOPS;

    do
    :: kill(0)
    :: kill(1)
    :: kill(2)
    :: stop(0)
    :: stop(1)
    :: stop(2)
    :: break
    od
}
#endif

active proctype judge()
{
    timeout;
    halted = dead; /* who was stopped goes on */
    timeout;
#if RECHECK
    asleep[0] = 0;
    timeout;
#endif
    assert((through | dead) == everybody);
    assert(owner == NOBODY || (dead & bit_of(owner)))
}
