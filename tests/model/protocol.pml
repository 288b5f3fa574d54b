/* The wait protocol: what sleepers and wakers do to a wait word and to each other's bells.
 *
 * Every d_step, and every bare condition on something shared, is one step of the rule: one access to shared memory or
 * one system call, with the local thinking that goes with it. Anybody may be interrupted between two of them. All steps
 * are sequentially consistent.
 *
 * Two numbers of the real thing grow without bound: the count in the epoch and the generation of a ring state. Neither
 * is ever used but to ask "is it still the one I saw?". So the model keeps, instead of the number, the set of those who
 * saw the present value; moving the number on empties the set. That is exact, and keeps the state space finite.
 */

#define me         _pid
#define bit_of(x)  (1 << (x))
#define my_bit     bit_of(me)
#define NOBODY     15

/* --- what is shared ----------------------------------------------------------------------------------------------- */

/* The wait word, and what it is about. */
byte permits[WORDS];   /* a semaphore's count */
byte released[WORDS];  /* for the books: permits given ... */
byte acquired[WORDS];  /* ... and taken */
bit flag[WORDS];       /* bit 0 of the epoch: threads sleep here */
short current[WORDS];  /* who saw the present count: the sleepers' `seen` and the wakers' `e` */
byte seats[WORDS] = ANNOUNCED; /* who sleeps here without a thread */
byte asleep[WORDS];    /* the kernel's queue of the epoch */

/* The mailboxes. */
mtype = { quiet, ringing, rung };
mtype ring_state[MAILBOXES] = quiet;
short sighted[MAILBOXES];  /* who saw the ring state in its present generation */
byte notes[MAILBOXES];     /* the words that were rung for */
bit summary[MAILBOXES];    /* there may be notes */
bit bell[MAILBOXES];       /* bytes are in the pipe */

/* Whoever is stopped or killed takes no further step. */
#if !MORTAL
#define halted 0
#else
byte halted;
#endif
#define alive ((halted & my_bit) == 0)

/* --- threads ------------------------------------------------------------------------------------------------------ */

#define awake(w) ((asleep[w] & my_bit) == 0)

inline take(w) {
    d_step {
        alive && awake(w) && permits[w] > 0 ->
        permits[w]--;
        acquired[w]++;
        current[w] = current[w] & ~my_bit
    }
}

inline find_none(w) { alive && awake(w) && permits[w] == 0 }

inline announce(w) {
    d_step {
        alive ->
        flag[w] = 1;
#if WRONG == STILL_COUNT
        current[w] = current[w] | my_bit
#else
        current[w] = my_bit
#endif
    }
}

/* The futex compares the whole epoch. Who saw the present count saw it with the flag. */
inline sleep_unless_moved(w) {
    d_step {
        alive ->
        if
        :: flag[w] && (current[w] & my_bit) -> asleep[w] = asleep[w] | my_bit
        :: else
        fi;
        current[w] = current[w] & ~my_bit
    }
}

/* --- wakers ------------------------------------------------------------------------------------------------------- */

#define WAKER_LOCALS bit threads, served; byte todo

inline release(w) { d_step { alive -> permits[w]++; released[w]++ } }

inline futex_wake(w, thread) {
    d_step {
        alive && (asleep[w] & bit_of(thread)) ->
        asleep[w] = asleep[w] & ~bit_of(thread);
        current[w] = current[w] & ~my_bit;
        served = 1
    }
}

inline clear_flag_unless_moved(w) {
    d_step {
        alive ->
        if
        :: flag[w] && (current[w] & my_bit) -> flag[w] = 0
        :: else
        fi;
        current[w] = current[w] & ~my_bit
    }
}

/* The kernel wakes any one of those who sleep. */
inline wake_thread(w) {
#if WRONG == FLAG_FIRST
    d_step { alive -> flag[w] = 0; current[w] = 0 };
    d_step { alive -> served = (asleep[w] != 0); asleep[w] = 0 }
#else
    d_step { alive -> current[w] = (flag[w] -> my_bit : 0) };
    if
    :: futex_wake(w, 0)
    :: futex_wake(w, 1)
    :: futex_wake(w, 2)
    :: alive && !asleep[w] -> clear_flag_unless_moved(w)
    fi
#endif
}

#if WRONG == NO_GENERATION
#define generation_is_mine(s) 1
#else
#define generation_is_mine(s) (sighted[s] & my_bit)
#endif

/* A compare-and-swap that expects `quiet` tells what it found when it fails: looking and swapping are one step. */
inline ring(s, w) {
    d_step { alive -> notes[s] = notes[s] | bit_of(w) };
#if SUMMARY
    d_step { alive -> summary[s] = 1 };
#endif
    if
    :: d_step { alive && ring_state[s] == rung -> served = counts_as_served(s) }
    :: d_step {
           alive && ring_state[s] != rung ->
#if WRONG == RUNG_FIRST
           ring_state[s] = rung
#else
           ring_state[s] = ringing;
           sighted[s] = sighted[s] | my_bit
#endif
       };
       if
       :: d_step { alive && !broken(s) -> bell[s] = 1; served = counts_as_served(s) };
          d_step {
              alive ->
              if
              :: ring_state[s] == ringing && generation_is_mine(s) -> ring_state[s] = rung
              :: else
              fi;
              sighted[s] = sighted[s] & ~my_bit
          }
       :: d_step { alive && broken(s) -> sighted[s] = sighted[s] & ~my_bit }
       fi
    fi
}

inline look_and_pass_on(w) {
    if
    :: alive && permits[w] == 0
    :: alive && permits[w] > 0 -> wake_one(w)
    fi
}

/* --- reactors ----------------------------------------------------------------------------------------------------- */

inline silence(s) { d_step { alive -> bell[s] = 0 } }
inline go_quiet(s) { d_step { alive -> ring_state[s] = quiet; sighted[s] = 0 } }

/* The summary spares the reactor a walk over notes that are not there. */
inline take_notes(s) {
#if !SUMMARY
    d_step { alive -> noted = noted | (notes[s] & AWAITED); notes[s] = 0 }
#elif WRONG == SUMMARY_LAST
    if
    :: alive && !summary[s]
    :: alive && summary[s] ->
       d_step { alive -> noted = noted | (notes[s] & AWAITED); notes[s] = 0 };
       d_step { alive -> summary[s] = 0 }
    fi
#else
    if
    :: alive && !summary[s]
    :: d_step { alive && summary[s] -> summary[s] = 0 };
       d_step { alive -> noted = noted | (notes[s] & AWAITED); notes[s] = 0 }
    fi
#endif
}

/* The order in which a bell that rang is silenced. */
inline answer_bell(s) {
#if WRONG == QUIET_FIRST
    go_quiet(s); silence(s); take_notes(s)
#elif WRONG == NOTES_FIRST
    silence(s); take_notes(s); go_quiet(s)
#else
    silence(s); go_quiet(s); take_notes(s)
#endif
}
