/* One wait word: threads, reactors and wakers, and what may befall them. */

#define SEATS 3
#if KILL
#define broken(s) (halted == NT + (s))
#else
#define broken(s) 0
#endif
#if !STOP && !KILL
#define halted NOBODY
#endif
#include "protocol.pml"

byte waiting[SEATS];
byte tried;

active [NT] proctype thread()
{
    WAKER_LOCALS; 
    byte n = _pid;

    tried == n;
    do
    :: if
       :: d_step { live && permits[0] > 0 && !(asleep[0] & my_bit) -> permits[0]--; acquired[0]++; tried = (tried > n -> tried : tried+1) }; break
       :: d_step { live && permits[0] == 0 && !(asleep[0] & my_bit) -> tried = (tried > n -> tried : tried+1) }
       fi;
       announce(0);
       if
       :: take(0); break
       :: find_none(0)
       fi;
       sleep_unless_moved(0)
    od;
#if LOOK
    if
    :: live && permits[0] > 0 -> wake_one(0)
    :: live && permits[0] == 0
    fi
#endif
}

active [NR] proctype reactor()
{
    WAKER_LOCALS; byte noted; bit armed; byte starts = NOPS; byte cancels = NCAN;
#define r (_pid - NT)
    if :: cancels = 0 :: cancels = 1 fi;
end:
    do
    :: d_step { live && starts > 0 && permits[0] > 0 -> starts--; permits[0]--; acquired[0]++ }
    :: d_step { live && starts > 0 && permits[0] == 0 -> starts-- };
       if
       :: d_step { live && armed -> waiting[r]++ }
       :: d_step { live && !armed -> waiting[r]++; seats[0] = seats[0] | bit_of(r); armed = 1; noted = 1 }
       fi
    :: silence_bell(r);
       go_quiet(r);
       take_notes(r)
    :: d_step { live && waiting[r] > 0 && cancels > 0 -> cancels--; waiting[r]-- }
    :: d_step { live && noted && waiting[r] > 0 && permits[0] > 0 -> permits[0]--; acquired[0]++; waiting[r]-- }
    :: d_step { live && noted && waiting[r] > 0 && permits[0] == 0 -> noted = 0 }
    :: d_step { live && (armed || noted) && waiting[r] == 0 -> seats[0] = seats[0] & ~bit_of(r); armed = 0; noted = 0 };
       if
       :: live && permits[0] > 0 -> wake_one(0)
       :: live && permits[0] == 0
       fi
    od
#undef r
}

active [NW] proctype waker()
{
    WAKER_LOCALS;
    released[0] == _pid - NT - NR;
    release(0);
    wake_one(0)
}

#if STOP
active proctype stopper()
{
    byte a = STOP_FROM;
    do
    :: a < STOP_TO -> a++
    :: halted = a; break
    od
}
#endif

#define STRANDED (permits[0] > 0 && ((asleep[0] & ~(halted == NOBODY -> 0 : bit_of(halted))) || (waiting[0] && halted != NT) || (waiting[1] && halted != NT+1)))

active proctype judge()
{
    byte late, base; WAKER_LOCALS;
    timeout;
    assert(acquired[0] + permits[0] == released[0]);
#if STOP
    do
    :: STRANDED && late < LATE ->
        late++;
        base = acquired[0];
        release(0);
        wake_one(0);
        timeout;
        if :: acquired[0] > base -> break :: else fi
    :: STRANDED && late == LATE -> assert(late==0)
    :: !STRANDED -> break
    od;
    halted = NOBODY;
    timeout;
#endif
    assert(!STRANDED);
    assert(acquired[0] + permits[0] == released[0]);
}
#undef halted
