"""What waiting costs while nothing happens."""

from harness.plan import Case, Goal, Metric, Suite, Table

CPU = Metric("cpu_ms", "processor time, ms", ratio=False)
WAKE = Metric("wakeups", "wake-ups", ratio=False)
KINDS = (
    ("signal", "blocked in a semaphore, an event and the like", "idle_signal"),
    ("channel", "blocked in an empty queue", "idle_channel"),
    ("awaited", "awaited on Asio", "idle_awaited"),
    ("lock", "blocked in a lock that another process holds", "idle_lock"),
)


def goals(case, *peers):
    for peer in peers:
        where = "awaited" if case == "awaited" else "blocked"
        what = "crosswake queue" if peer == "crosswake" else peer
        yield Goal(f"{what}, {where} for 10 s: no processor time, ms", case, CPU, at_most=0.5, ours=peer)
        yield Goal(f"{what}, {where} for 10 s: ≤ 10 wake-ups", case, WAKE, at_most=10, ours=peer)


SUITE = Suite(
    name="idle",
    title="Idle",
    about="10 s of waiting that nobody answers, from the kernel's accounting of all threads of the process.",
    cases=tuple(
        Case(key, title, scenario, cores="any two", seconds=10, rounds=1, together=True)
        for key, title, scenario in KINDS
    ),
    tables=tuple(Table(title[0].upper() + title[1:], (key,), (CPU, WAKE)) for key, title, _ in KINDS),
    goals=(
        *goals("signal", "crosswake semaphore", "crosswake event"),
        *goals("channel", "crosswake"),
        *goals("awaited", "crosswake semaphore", "crosswake event", "crosswake queue"),
    ),
)
