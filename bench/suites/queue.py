"""Messages between processes: how many, how large, from how many to how many, and how long one takes."""

from harness.plan import Bars, Case, Goal, Lines, Metric, Suite, Table

RATE = Metric("messages_per_s", "M/s", scale=1e-6, more_is_better=True)
BYTES = Metric("gb_per_s", "GB/s", more_is_better=True)
TRIP = Metric("trip_us", "µs")
SIZES = ((8, "8 B"), (64, "64 B"), (1024, "1 KiB"), (64 * 1024, "64 KiB"), (2 * 1024 * 1024, "2 MiB"))
SHAPES = ((2, 1), (1, 2), (4, 4))


def sized(prefix, scenario, group="", **arguments):
    return tuple(
        Case(f"{prefix}{size}", label, scenario, {"size": size, **arguments}, group=group) for size, label in SIZES
    )


def shaped(prefix, group="", **arguments):
    return tuple(
        Case(f"{prefix}{p}to{c}", f"{p}→{c}", "stream", {"producers": p, "consumers": c, **arguments}, group=group)
        for p, c in SHAPES
    )


def keys(cases):
    return tuple(c.key for c in cases)


ONE = sized("one", "stream")
BATCHES = sized("batch", "stream", "batches of", batch=64)[:3]
MANY = shaped("")
MANY_BATCHES = shaped("batch", "batches", batch=64)
TRIPS = sized("trip", "message_trip", "there and back")
ON_ONE_CORE = (Case("onecore64", "64 B", "message_trip", {"size": 64}, cores="one", group="there and back"),)

SUITE = Suite(
    name="queue",
    title="Queue",
    about="Blocking calls with nothing set, 1 MiB of messages between the ends at the most. Each message is copied in "
    "and out, but for the row that says in place.",
    cases=ONE + BATCHES + MANY + MANY_BATCHES + TRIPS + ON_ONE_CORE,
    tables=(
        Table("One by one, 1→1, M messages/s", keys(ONE[:3]), (RATE,)),
        Table("Large messages, 1→1, GB/s", keys(ONE[3:]), (BYTES,)),
        Table("64 in a call, 1→1, M messages/s", keys(BATCHES), (RATE,)),
        Table("64 B from several to several, one by one, M messages/s", keys(MANY), (RATE,)),
        Table("64 B from several to several, 64 in a call, M messages/s", keys(MANY_BATCHES), (RATE,)),
        Table("One message there and one back, two cores, µs", keys(TRIPS), (TRIP,)),
        Table("64 B there and back on one core", keys(ON_ONE_CORE), (TRIP,)),
    ),
    charts=(
        Lines("queue-by-size", "Messages per second, 1→1", tuple((f"one{s}", label) for s, label in SIZES), RATE),
        Bars("queue-64", "64 B messages, 1→1", "one64", RATE),
    ),
    goals=(
        Goal("queue 64 B, 1→1 ≥ 3× Boost", "one64", RATE, "Boost message_queue", at_least=3),
        Goal("queue 64 B, 1→1, in batches ≥ 40 M/s", "batch64", RATE, at_least=40),
        Goal("queue 64 B, 4→4 ≥ 2.5× Boost", "4to4", RATE, "Boost message_queue", at_least=2.5),
        Goal("queue 64 KiB ≥ 2.6× Boost", "one65536", BYTES, "Boost message_queue", at_least=2.6),
        Goal("queue 2 MiB ≥ 3× Boost", "one2097152", BYTES, "Boost message_queue", at_least=3),
    ),
)
