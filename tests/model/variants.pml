/* What a configuration may choose (with -D), and the wrong variants of the rule. */

#ifndef WORDS
#define WORDS 1
#endif
#ifndef SEATS
#define SEATS 3
#endif
#ifndef MAILBOXES
#define MAILBOXES SEATS
#endif
#ifndef ANNOUNCED
#define ANNOUNCED 0
#endif
#ifndef ANY_ORDER
#define ANY_ORDER 1
#endif
#ifndef SUMMARY
#define SUMMARY 0
#endif
#ifndef CROWD
#define CROWD 0
#endif

#define NONE 0

/* What befalls one of the actors, at any step. */
#define STOPPED 1
#define KILLED  2
#ifndef FATE
#define FATE NONE
#endif
#ifndef MORTAL
#define MORTAL (FATE != NONE)
#endif

/* Each of these is tempting, and each loses wake-ups. */
#define SLEEP_UNTRIED        1  /* a thread does not try again after its announcement */
#define ARM_UNTRIED          2  /* a reactor does not try again after setting its bit */
#define STILL_COUNT          3  /* the announcement sets the flag and leaves the count alone */
#define FLAG_FIRST           4  /* a waker takes the flag as it advances the count, then wakes all threads */
#define RUNG_FIRST           5  /* no `ringing`: the ring state says `rung` before the bell is written */
#define NO_GENERATION        6  /* ring states without a generation */
#define QUIET_FIRST          7  /* the ring state goes quiet before the bell is silenced */
#define NOTES_FIRST          8  /* the notes are taken before the ring state goes quiet */
#define SUMMARY_LAST         9  /* the notes' summary is taken after the notes */
#define DISARM_UNLOOKED     10  /* a reactor that disarms does not look for what it may have swallowed */
#define THREAD_UNLOOKED     11  /* a thread that had to wait does not look whether there is more */
#define RUNG_BEFORE_THREADS 12  /* a bell that is rung already may be served before a thread that sleeps */
#define NAMED_LATE          13  /* a member of the crowd names the word when it has set the bit and tried */
#define WITHDRAWN_LATE      14  /* it takes the name back when it has looked */
#define PERHAPS_SERVES      15  /* ringing a member that has not named the word counts as served */
/* And these are about the seats. */
#define UNSCRUBBED          20  /* a dead reactor's seat is given away as it is */
#define SCRUB_SILENT        21  /* the scrub clears the bits, and wakes nobody */
#define SCRUB_FIRST         22  /* an heir scrubs before the seat is its own */
#define FREED_FIRST         23  /* a waker that clears up gives the seat back before the scrub */
#define LIVE_FIRST          24  /* a newcomer's bell is live before the scrub */
#define LEFT_FIRST          25  /* a reactor leaves its seat before it has cleared its bits */
#define NO_PROOF            26  /* a bell that cannot be rung is proof of death enough */
#define ADDRESS_PER_PROCESS 27  /* two processes' bells may have the same address */
/* And these are about the lock. */
#define UNRUNG              30  /* who lets go wakes nobody */
#define BY_TIMEOUT          31  /* an owner that does nothing for long is taken for dead */
#define OWNER_STORED        32  /* the next owner of a dead one's lock stores its name, whatever is there by then */
#define FLAG_LOST           33  /* it tells nobody after itself that somebody died inside */
#ifndef WRONG
#define WRONG NONE
#endif
