"""Two event loops on Boost.Asio send each other a signal and co_await the other's."""

from harness.plan import Bars, Case, Goal, Metric, Suite, Table

TRIP = Metric("trip_us", "µs")
OURS = "crosswake semaphore"

SUITE = Suite(
    name="awaited",
    title="Awaited round trip",
    about="Each side is a coroutine on an io_context with one thread.",
    cases=(
        Case("one_core", "both on one core", "awaited_trip", cores="one", ours=OURS),
        Case("two_cores", "two cores", "awaited_trip", ours=OURS),
    ),
    tables=(
        Table("Both on one core", ("one_core",), (TRIP,)),
        Table("Two cores", ("two_cores",), (TRIP,)),
    ),
    charts=(Bars("awaited-one-core", "Awaited round trip, both on one core", "one_core", TRIP),),
    goals=(
        Goal("awaited, one core ≤ 0.9× Asio eventfd", "one_core", TRIP, "Asio eventfd", at_most=0.9, ours=OURS),
        Goal("awaited, two cores ≤ 1.05× Asio eventfd", "two_cores", TRIP, "Asio eventfd", at_most=1.05, ours=OURS),
        Goal("awaited, one core ≤ 0.4× the bridge", "one_core", TRIP, "thread-pool bridge", at_most=0.4, ours=OURS),
    ),
)
