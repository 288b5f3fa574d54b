/* The seats: who sits where, whom a waker finds there, and what becomes of a seat whose owner left or died.
 *
 * An owner is a process; the bell's address says which of its reactors sits in the seat. A waker reads a word's bits,
 * then a seat's owner, then its bell, and may be interrupted between any two: the three need not be of one time. The
 * rule is that a bell is found only if it is the owner's, and that there was never another one with its address.
 *
 * In the CROWD a seat's announcements are not in the words but beside the bell, and a waker reads them after it; whose
 * they are, and who changes them when, is the same.
 *
 * A seat's bell has no generation here. It spares a waker the proof of death where the bell has moved on since; the
 * model's waker may give up at that point whatever the reason, and nothing else depends on it.
 */

#define EMPTY  14  /* nobody sits there, or he is left alone */
#define GONE   13  /* no such bell is found */

byte owner[SEATS] = FIRST_OWNERS;
byte address[SEATS] = FIRST_ADDRESSES;  /* of the bell; only looked at while it is live */
bit live[SEATS] = FIRST_LIVE;
byte dead;    /* processes */
byte closed;  /* mailboxes whose bell has no reader any more */

#define is_dead(p) (dead & bit_of(p))

#if WRONG == ADDRESS_PER_PROCESS
#define bell_of(p, s) bell_in(p)
#else
#define bell_of(p, s) (process_of(address[s]) == (p) -> address[s] : GONE)
#endif

#define SEAT_LOCALS                                                                                                    \
    WAKER_LOCALS; byte seat, who, box; bit everybody, inherited;                                                       \
    byte passing, passing_seat, passing_todo; bit passing_threads, passing_everybody

/* --- wakers ------------------------------------------------------------------------------------------------------- */

#if CROWD
#define listed_on(w) (bit_of(SEATS) - 1)
#else
#define listed_on(w) seats[w]
#endif

/* Whoever rang a bell before has it at hand, even if it is closed by now; others do not find it. */
inline ring_behind(s, w, all) {
    d_step { alive -> who = owner[s]; served = 0 };
    if
    :: d_step { alive && (who == NOBODY || !live[s]) -> box = EMPTY }
    :: d_step { alive && who != NOBODY && live[s] && (closed & bit_of(bell_of(who, s))) -> box = GONE }
    :: d_step { alive && who != NOBODY && live[s] -> box = bell_of(who, s) }
    fi;
#if CROWD
    d_step {
        alive ->
        if
        :: seats[w] & bit_of(s)
        :: else -> box = EMPTY
        fi
    };
#endif
    if
    :: box == EMPTY || box == GONE
    :: d_step { alive && box < GONE && !all && ring_state[box] == rung -> box = EMPTY }
    :: alive && box < GONE && !(!all && ring_state[box] == rung) -> ring(box, w)
    fi
}

#define pick(set, s)                                                                                                   \
    if                                                                                                                 \
    :: set & bit_of(0) -> s = 0                                                                                        \
    :: set & bit_of(1) -> s = 1                                                                                        \
    :: set & bit_of(2) -> s = 2                                                                                        \
    fi;                                                                                                                \
    set = set & ~bit_of(s)

/* First threads and silent bells, in any order, until one is served; else every bell gets a note. This is what a scrub
 * calls, and it clears up nothing: the only seat whose owners die is the one being scrubbed. */
inline pass_on(w) {
    d_step { alive -> passing_threads = flag[w] };
    d_step { alive -> passing_todo = listed_on(w) };
    do
    :: d_step { !served && passing_threads -> passing_threads = 0 }; wake_thread(w)
    :: atomic { (!served || passing_everybody) && passing_todo -> pick(passing_todo, passing_seat) };
       ring_behind(passing_seat, w, passing_everybody)
    :: d_step {
           alive && !served && !passing_threads && !passing_todo && !passing_everybody ->
           passing_everybody = 1;
           passing_todo = listed_on(w)
       }
    :: d_step {
           (served && !passing_everybody) || (passing_everybody && !passing_todo) ->
           served = 0; passing_threads = 0; passing_todo = 0; passing_everybody = 0; passing_seat = 0; who = 0; box = 0
       };
       break
    od
}

/* A waker that found somebody dead may have no proof, or the bell has moved on: then it leaves the seat as it is. */
inline wake_one(w) {
    d_step { alive -> threads = flag[w] };
    d_step { alive -> todo = listed_on(w) };
    do
    :: d_step { !served && threads -> threads = 0 }; wake_thread(w)
    :: atomic { (!served || everybody) && todo -> pick(todo, seat) };
       ring_behind(seat, w, everybody);
       if
       :: true
       :: !served && box != EMPTY && (WRONG == NO_PROOF || is_dead(who)) -> clear_up(seat, who)
       fi
    :: d_step {
           alive && !served && !threads && !todo && !everybody ->
           everybody = 1;
           todo = listed_on(w)
       }
    :: d_step {
           (served && !everybody) || (everybody && !todo) ->
           served = 0; threads = 0; todo = 0; everybody = 0; seat = 0; who = 0; box = 0
       };
       break
    od
}

/* --- heirs -------------------------------------------------------------------------------------------------------- */

/* Where the bit was set, the dead one may have swallowed a ring. */
inline scrub(s) {
    do
    :: d_step { alive && passing < WORDS && !(seats[passing] & bit_of(s)) -> passing++ }
    :: d_step {
           alive && passing < WORDS && (seats[passing] & bit_of(s)) ->
           seats[passing] = seats[passing] & ~bit_of(s)
       };
#if WRONG != SCRUB_SILENT
       pass_on(passing);
#endif
       passing++
    :: passing == WORDS -> break
    od;
    passing = 0
}

/* Sets `inherited` if the seat was still `from`'s; it is then not live. */
inline inherit(s, from) {
    d_step {
        alive ->
        inherited = (owner[s] == from);
        if
        :: inherited -> owner[s] = my_process
        :: else
        fi
    };
    if
    :: !inherited
    :: d_step { alive && inherited -> live[s] = 0; address[s] = GONE }
    fi
}

inline clear_up(s, from) {
#if WRONG == SCRUB_FIRST
    scrub(s);
#endif
    inherit(s, from);
    if
    :: !inherited
    :: inherited ->
#if WRONG == FREED_FIRST
       d_step { alive -> owner[s] = NOBODY };
       scrub(s);
       inherited = 0
#else
#if WRONG != UNSCRUBBED && WRONG != SCRUB_FIRST
       scrub(s);
#endif
       d_step { alive -> owner[s] = NOBODY; inherited = 0 }
#endif
    fi
}

/* An empty seat has no bits. */
inline take_seat(s, from) {
#if WRONG == SCRUB_FIRST
    if
    :: from == NOBODY
    :: from != NOBODY -> scrub(s)
    fi;
#endif
    inherit(s, from);
    if
    :: !inherited
    :: inherited ->
#if WRONG == LIVE_FIRST
       d_step { alive -> live[s] = 1; address[s] = my_box };
#endif
#if WRONG != UNSCRUBBED && WRONG != SCRUB_FIRST
       if
       :: from == NOBODY
       :: from != NOBODY -> scrub(s)
       fi;
#endif
       d_step { alive -> live[s] = 1; address[s] = my_box }
    fi
}

inline leave_seat(s) {
    d_step { alive -> live[s] = 0; address[s] = GONE };
    d_step { alive -> owner[s] = NOBODY }
}
