/* The wait protocol: what sleepers and wakers do to a wait word and to each other's bells.
 *
 * Every atomic and every d_step is one step of the rule: one access to shared memory, or one system call, with the local
 * thinking that goes with it. Anybody may be interrupted between two of them. All steps are sequentially consistent.
 *
 * Two numbers of the real thing grow without bound: the count in the epoch and the generation of a ring state. Neither
 * is ever used but to ask "is it still the one I saw?". So the model keeps, instead of the number, the set of those who
 * saw the present value; advancing the number empties the set. That is exact, and keeps the state space finite.
 */

#define bit_of(x)    (1 << (x))
#define me           _pid
#define my_bit       bit_of(_pid)
#define NOBODY       255

/* Wrong variants. Each is tempting, and each loses wake-ups. */
#define NONE             0
#define SLEEP_UNTRIED    1  /* a thread does not try again after its announcement */
#define ARM_UNTRIED      2  /* a reactor does not try again after setting its bit */
#define STILL_COUNT      3  /* the announcement sets the flag and leaves the count alone */
#define FLAG_FIRST       4  /* a waker takes the flag while it advances the count, then wakes all threads */
#define TAKEN_BIT        5  /* a waker takes the seat's bit, then rings */
#define RUNG_FIRST       6  /* no `ringing`: the ring state says `rung` before the bell is written */
#define NO_GENERATION    7  /* ring states without a generation */
#define QUIET_FIRST      8  /* the ring state goes quiet before the bell is silenced */
#define NOTES_FIRST      9  /* the notes are taken before the ring state goes quiet */
#define SUMMARY_LAST    10  /* the notes' summary is taken after the notes */
#define NO_LOOK         11  /* a disarming reactor does not look for what it may have swallowed */
#define THREAD_NO_LOOK  12  /* a thread that got what it slept for does not look whether there is more */
#define CROWD_SERVES    13  /* ringing the crowd counts as served */
#define CROWD_CLEARED   14  /* a disarming member of the crowd clears the shared bit */
#define RUNG_SERVES     15  /* a bell that is rung already counts as served although threads sleep */
#define LIVE_FIRST      16  /* a seat is live before it is scrubbed */
#define SCRUB_SILENT    17  /* scrubbing wakes nobody */
#define UNCLAIMED_SCRUB 18  /* a waker scrubs a dead seat without claiming it */
#define MAILBOX_RESET   19  /* a claimed seat's ring generation starts anew */
#define BELL_UNCHECKED  20  /* a ringer does not check that the seat is still whose bell it knows */

#ifndef WRONG
#define WRONG NONE
#endif
#ifndef WORDS
#define WORDS 1
#endif

/* --- the wait word ------------------------------------------------------------------------------------------------ */

byte permits[WORDS];   /* what the word is about: a semaphore's count */
byte released[WORDS];  /* for the books: permits given ... */
byte acquired[WORDS];  /* ... and taken */

bit flag[WORDS];       /* bit 0 of the epoch: threads sleep here */
short current[WORDS];  /* who holds the epoch's present count: the sleepers' `seen` and the wakers' `e` */
byte asleep[WORDS];    /* the kernel's queue: the threads that sleep on the epoch */
byte seats[WORDS];     /* the seats that await the word */

/* --- mailboxes ---------------------------------------------------------------------------------------------------- */

mtype = { quiet, ringing, rung };

mtype ring_state[SEATS] = quiet;
short sighted[SEATS];  /* who saw the ring state in its present generation */
byte notes[SEATS];     /* the words that were rung for */
bit summary[SEATS];    /* some note was left */
bit bell[SEATS];       /* bytes are in the pipe */

/* --- who may go on ------------------------------------------------------------------------------------------------ */

#if STOP || KILL
byte halted = NOBODY;  /* the one that was stopped or killed */
#define live (halted != me)
#else
#define live 1
#endif

/* --- the sleeper's side ------------------------------------------------------------------------------------------- */

inline take(w) { d_step { live && permits[w] > 0 -> permits[w]--; acquired[w]++; current[w] = current[w] & ~my_bit } }
inline find_none(w) { live && permits[w] == 0 }

inline announce(w) {
    d_step {
        live -> flag[w] = 1;
#if WRONG == STILL_COUNT
        current[w] = current[w] | my_bit
#else
        current[w] = my_bit
#endif
    }
}

/* The futex compares the whole epoch. Whoever saw the present count saw it with the flag. */
inline sleep_unless_moved(w) {
    d_step {
        live ->
        if
        :: flag[w] && (current[w] & my_bit) -> asleep[w] = asleep[w] | my_bit
        :: else
        fi;
        current[w] = current[w] & ~my_bit
    }
}

/* --- the waker's side --------------------------------------------------------------------------------------------- */

#define WAKER_LOCALS bit served, threads; byte todo, seat

inline release(w) { d_step { live -> permits[w]++; released[w]++ } }

/* The kernel may wake any of them. */
inline futex_wake_one(w) {
    if
    :: d_step { live && (asleep[w] & bit_of(0)) -> asleep[w] = asleep[w] & ~bit_of(0); served = 1; current[w] = current[w] & ~my_bit }
    :: d_step { live && (asleep[w] & bit_of(1)) -> asleep[w] = asleep[w] & ~bit_of(1); served = 1; current[w] = current[w] & ~my_bit }
    :: d_step { live && (asleep[w] & bit_of(2)) -> asleep[w] = asleep[w] & ~bit_of(2); served = 1; current[w] = current[w] & ~my_bit }
    :: d_step { live && (asleep[w] & bit_of(3)) -> asleep[w] = asleep[w] & ~bit_of(3); served = 1; current[w] = current[w] & ~my_bit }
    :: live && !asleep[w]
    fi
}

inline wake_thread(w) {
#if WRONG == FLAG_FIRST
    d_step { live -> current[w] = 0; flag[w] = 0 };
    d_step { live -> served = (asleep[w] != 0); asleep[w] = 0 }
#else
    d_step { live -> current[w] = (flag[w] -> my_bit : 0) };
    futex_wake_one(w);
    if
    :: served
    :: !served ->
        d_step {
            live ->
            if
            :: flag[w] && (current[w] & my_bit) -> flag[w] = 0
            :: else
            fi;
            current[w] = current[w] & ~my_bit
        }
    fi
#endif
}

inline leave_note(s, w) {
    d_step { live -> notes[s] = notes[s] | bit_of(w) }
#if SUMMARY
    ;
    d_step { live -> summary[s] = 1 }
#endif
}

/* A compare-and-swap from `quiet` tells what it found when it fails, so looking and swapping are one step. */
inline ring(s, w) {
    leave_note(s, w);
    if
    :: d_step { live && ring_state[s] == rung -> served = 1 }
    :: d_step {
           live && ring_state[s] != rung ->
#if WRONG == RUNG_FIRST
           ring_state[s] = rung
#else
           ring_state[s] = ringing;
           sighted[s] = sighted[s] | my_bit
#endif
       };
       d_step {
           live ->
           if
           :: broken(s)
           :: else -> bell[s] = 1; served = 1
           fi
       };
       d_step {
           live ->
           if
#if WRONG == NO_GENERATION
           :: served && ring_state[s] == ringing -> ring_state[s] = rung
#else
           :: served && ring_state[s] == ringing && (sighted[s] & my_bit) -> ring_state[s] = rung
#endif
           :: else
           fi;
           sighted[s] = sighted[s] & ~my_bit
       }
    fi
}

#define THREADS 9
#if ANY
#define eligible(s) (todo & bit_of(s))
#else
#define to_ring(s)   ((todo & bit_of(s)) && ring_state[s] != rung)
#define anyone_to_ring (to_ring(0) || to_ring(1) || to_ring(2))
#if WRONG == RUNG_SERVES
#define PATIENT 0
#else
#define PATIENT threads
#endif
#define to_note(s) ((todo & bit_of(s)) && ring_state[s] == rung && !anyone_to_ring && !PATIENT)
#define eligible(s) (to_ring(s) || to_note(s))
#endif

/* Wakes one sleeper of the word. Who is asked first is left open: any turn, any order among the seats. */
inline wake_one(w) {
    d_step { live -> threads = flag[w] };
    d_step { live -> todo = seats[w] };
    do
    :: served || (!threads && !todo) -> break
    :: else ->
        if
        :: d_step { threads -> seat = THREADS }
        :: d_step { eligible(0) -> seat = 0 }
        :: d_step { eligible(1) -> seat = 1 }
        :: d_step { eligible(2) -> seat = 2 }
        fi;
        if
        :: seat == THREADS -> threads = 0; wake_thread(w)
        :: else -> todo = todo & ~bit_of(seat); ring(seat, w)
        fi
    od;
    atomic { served = 0; threads = 0; todo = 0; seat = 0 }
}

/* --- the reactor's side ------------------------------------------------------------------------------------------- */

inline silence_bell(s) { d_step { live && bell[s] -> bell[s] = 0 } }
inline go_quiet(s) { d_step { live -> ring_state[s] = quiet; sighted[s] = 0 } }
inline take_notes(s) { d_step { live -> noted = noted | notes[s]; notes[s] = 0 } }
