"""Messages between processes: how many, how large, from how many to how many, and how long one takes."""

from harness.plan import Bars, Case, Goal, Lines, Metric, MixedTable, Suite, Table

RATE = Metric("messages_per_s", "M/s", scale=1e-6, more_is_better=True)
BYTES = Metric("gb_per_s", "GB/s", more_is_better=True)
TRIP = Metric("trip_us", "µs")
WORST = Metric("trip_p99_us", "99 % within, µs", ratio=False)
SIZES = ((8, "8 B"), (64, "64 B"), (1024, "1 KiB"), (64 * 1024, "64 KiB"), (2 * 1024 * 1024, "2 MiB"))
SMALL = 1024  # up to here messages are counted, beyond it their bytes are
SHAPES = ((1, 1), (2, 1), (1, 2), (4, 4))


def in_a_call(size):
    """A part of what may lie between the ends (support/message.hpp), so that both have something to do."""
    return min(64, max(2, 2**18 // size))


def by_size(prefix, scenario, group, batch=lambda size: 1, **arguments):
    return tuple(
        Case(f"{prefix}{size}", label, scenario, {"size": size, "batch": batch(size), **arguments}, group=group)
        for size, label in SIZES
    )


def streams(p, c, batch, how):
    """Throughput by size, from so many to so many."""
    shape = "" if (p, c) == (1, 1) else f"{p}to{c}-"
    prefix = shape + ("batch" if batch else "one")
    more = {"batch": in_a_call} if batch else {}
    return by_size(prefix, "stream", f"{p}→{c} {how}", producers=p, consumers=c, **more)


def keys(cases):
    return tuple(c.key for c in cases)


def rates(cases):
    return tuple(RATE if c.arguments["size"] <= SMALL else BYTES for c in cases)


ONE_BY_ONE = tuple(streams(p, c, False, "one by one") for p, c in SHAPES)
BATCHES = tuple(streams(p, c, True, "in batches") for p, c in SHAPES)
TRIPS = by_size("trip", "message_trip", "there and back")
BATCH_TRIPS = by_size("batchtrip", "message_trip", "a batch there and back", in_a_call)
ON_ONE_CORE = Case("onecore64", "64 B", "message_trip", {"size": 64}, cores="one", group="there and back on one core")

SUITE = Suite(
    name="queue",
    title="Queue",
    about="Blocking calls with nothing set, 1 MiB of messages between the ends at the most. Each message is copied in "
    "and out, but for the row that says in place. A batch is 64 in a call; of 64 KiB it is 4, of 2 MiB 2.",
    cases=(*sum(ONE_BY_ONE + BATCHES, ()), *TRIPS, *BATCH_TRIPS, ON_ONE_CORE),
    tables=(
        *(MixedTable(cases[0].group, keys(cases), rates(cases)) for cases in ONE_BY_ONE + BATCHES),
        Table("One message there and one back, two cores, µs", keys(TRIPS), (TRIP,)),
        Table("One message there and one back, two cores: 99 % within, µs", keys(TRIPS), (WORST,)),
        Table("A batch there and one back, two cores, µs", keys(BATCH_TRIPS), (TRIP,)),
        Table("64 B there and back on one core", (ON_ONE_CORE.key,), (TRIP, WORST)),
    ),
    charts=(
        Lines("queue-by-size", "Messages per second, 1→1", tuple((f"one{s}", label) for s, label in SIZES), RATE),
        Bars("queue-64", "64 B messages, 1→1", "one64", RATE),
    ),
    goals=(
        Goal("queue 64 B, 1→1 ≥ 3× Boost", "one64", RATE, "Boost message_queue", at_least=3),
        Goal("queue 64 B, 1→1, in batches ≥ 40 M/s", "batch64", RATE, at_least=40),
        Goal("queue 64 B, 4→4 ≥ 2.5× Boost", "4to4-one64", RATE, "Boost message_queue", at_least=2.5),
        Goal("queue 64 KiB ≥ 2.6× Boost", "one65536", BYTES, "Boost message_queue", at_least=2.6),
        Goal("queue 2 MiB ≥ 3× Boost", "one2097152", BYTES, "Boost message_queue", at_least=3),
    ),
)
