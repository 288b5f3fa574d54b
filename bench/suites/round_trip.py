"""A blocked thread is woken by another process, answers, and waits again."""

from harness.plan import Bars, Case, Goal, Metric, Suite, Table

TRIP = Metric("trip_us", "µs")
WORST = Metric("trip_p99_us", "99 % within, µs", ratio=False)
OURS = "crosswake semaphore"
NEVER_LOOKS = "crosswake semaphore, spin limit 0"


def case(key, title, cores="two", **arguments):
    return Case(key, title, "round_trip", arguments, cores=cores, ours=OURS)


SUITE = Suite(
    name="round_trip",
    title="Blocked round trip",
    about="One process blocks until the other one answers. The same binary and settings in all three cases, but for "
    "the row that says spin limit 0: it never looks before it sleeps.",
    cases=(
        case("at_once", "answered at once, two cores"),
        case("parked", "answered after 100 µs, two cores", **{"think-us": 100}),
        case("one_core", "both on one core", cores="one"),
    ),
    tables=(
        Table("Answered at once, two cores", ("at_once",), (TRIP, WORST)),
        Table("Both asleep when it comes: each side thinks for 100 µs, which is taken off", ("parked",), (TRIP, WORST)),
        Table("Both on one core", ("one_core",), (TRIP, WORST)),
    ),
    charts=(
        Bars("round-trip-two-cores", "Blocked round trip, answered at once, two cores", "at_once", TRIP),
        Bars("round-trip-one-core", "Blocked round trip, both on one core", "one_core", TRIP),
    ),
    goals=(
        Goal("answered at once, two cores ≤ 0.3 µs", "at_once", TRIP, at_most=0.3, ours=OURS),
        # Half a goal: who looks on all the time has it too, and pays on one core. So the same binary there, unchanged,
        # beside what parking costs: the futex, and this library where it never looks.
        Goal("the same binary, one core ≤ 1.15× futex", "one_core", TRIP, "futex", at_most=1.15, ours=OURS),
        Goal("the same binary, one core ≤ 1.15× spin limit 0", "one_core", TRIP, NEVER_LOOKS, at_most=1.15, ours=OURS),
        Goal("parked, two cores ≤ 1.05× futex", "parked", TRIP, "futex", at_most=1.05, ours=OURS),
        Goal("parked, one core ≤ 1.05× futex", "one_core", TRIP, "futex", at_most=1.05, ours=OURS),
    ),
)
