"""One event loop awaits thousands of objects."""

from harness.plan import OURS, Case, Goal, Metric, Suite, Table

AWAKE = Metric("all_awake_ms", "all awake, ms")
WAKER = Metric("waker_ms", "waker through, ms")
BYTES = Metric("bytes_each", "bytes each", ratio=False)
THREADS = Metric("threads", "threads", ratio=False)
FIRST = Metric("first_us", "first tenth, µs each", ratio=False)
LAST = Metric("last_us", "last tenth, µs each", ratio=False)
CANCEL = Metric("cancel_us", "cancelling all, µs each", ratio=False)
A_NAME_EACH = "crosswake, a name each"
COSTS = (AWAKE, WAKER, BYTES, THREADS, FIRST, LAST, CANCEL)

SUITE = Suite(
    name="many",
    title="Thousands of awaits",
    about="As many objects are awaited, each by one wait, then all are woken one after the other, again and again. "
    "Ours are semaphores side by side in one named object, but for the row that says a name each.",
    cases=(
        Case("thousand", "1,000 objects", "many_awaits", {"count": 1000}),
        Case("ten_thousand", "10,000 objects", "many_awaits", {"count": 10000}, smoke={"count": 2000}),
    ),
    tables=(Table("1,000 objects", ("thousand",), COSTS), Table("10,000 objects", ("ten_thousand",), COSTS)),
    goals=(
        *(
            Goal(
                f"waking 1,000 awaits, {how} ≤ 0.35× an eventfd each",
                "thousand",
                AWAKE,
                "Asio eventfd",
                at_most=0.35,
                ours=ours,
            )
            for ours, how in ((OURS, "side by side in one object"), (A_NAME_EACH, "a name each"))
        ),
        Goal("1,000 awaits take no thread", "thousand", THREADS, at_most=1),
        Goal(
            "10,000 awaits: the last tenth ≤ 1.2× the first, each",
            "ten_thousand",
            LAST,
            OURS,
            at_most=1.2,
            their_metric=FIRST,
        ),
        Goal(
            "cancelling 10,000 ≤ 1.5× cancelling 1,000, each",
            "ten_thousand",
            CANCEL,
            OURS,
            at_most=1.5,
            their_case="thousand",
        ),
    ),
)
