"""Nobody is in the way and nobody waits: the cost that each call has anyway."""

from harness.plan import Bars, Case, Goal, Metric, Suite, Table

CALL = Metric("call_ns", "ns")


def case(key, title, scenario, ours="crosswake", **arguments):
    return Case(key, title, scenario, arguments, cores="one", ours=ours)


SUITE = Suite(
    name="uncontended",
    title="Uncontended cost",
    about="What a call costs while nobody is in the way, by Google Benchmark.",
    cases=(
        case("lock", "lock and unlock", "uncontended_lock"),
        case("signal", "release and acquire, post and wait", "uncontended_signal", ours="crosswake semaphore"),
        case("unheard", "set, post or notify; nobody waits", "unheard_signal", ours="crosswake event"),
        case("queue8", "8 B", "uncontended_channel", size=8),
        case("queue64", "64 B", "uncontended_channel", size=64),
    ),
    tables=(
        Table("Lock and unlock, ns", ("lock",), (CALL,)),
        Table("A semaphore's release and acquire, and the like, ns", ("signal",), (CALL,)),
        Table("Set, post or notify while nobody waits", ("unheard",), (CALL,)),
        Table("Push and pop in one process, ns", ("queue8", "queue64"), (CALL,)),
    ),
    charts=(Bars("uncontended-lock", "Lock and unlock, uncontended", "lock", CALL),),
    goals=(
        Goal("uncontended lock ≤ 0.65× pthread robust", "lock", CALL, "pthread robust", at_most=0.65),
        Goal("semaphore ≤ 0.8× sem_t", "signal", CALL, "sem_t", at_most=0.8, ours="crosswake semaphore"),
        Goal("event set, nobody waits ≤ 5 ns", "unheard", CALL, at_most=5, ours="crosswake event"),
        Goal("queue 8 B in one process ≤ 0.5× Boost", "queue8", CALL, "Boost message_queue", at_most=0.5),
    ),
)
