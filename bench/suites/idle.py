"""What waiting costs while nothing happens."""

from harness.plan import Case, Goal, Metric, Suite, Table

CPU = Metric("cpu_ms", "processor time, ms", ratio=False)
WAKE = Metric("wakeups", "wake-ups", ratio=False)
KINDS = (
    ("signal", "blocked in a semaphore, an event and the like", "idle_signal"),
    ("channel", "blocked in an empty queue", "idle_channel"),
    ("lock", "blocked in a lock that another process holds", "idle_lock"),
    ("awaited", "awaited on Asio", "idle_awaited"),
)
NAMES = {("channel", "crosswake"): "crosswake queue", ("lock", "crosswake"): "crosswake mutex"}


def goals(case, *peers):
    for peer in peers:
        what = f"{NAMES.get((case, peer), peer)}, {'awaited' if case == 'awaited' else 'blocked'} for 10 s"
        yield Goal(f"{what}: no processor time, ms", case, CPU, at_most=0, ours=peer)
        yield Goal(f"{what}: ≤ 10 wake-ups", case, WAKE, at_most=10, ours=peer)


QUEUES = ("crosswake work_queue", "crosswake message_queue")

SUITE = Suite(
    name="idle",
    title="Idle",
    about="10 s of waiting that nobody answers, from the kernel's accounting of all threads of the process. Locks that "
    "spin are left out: they would take the processors of those beside them.",
    cases=tuple(
        Case(key, title, scenario, cores="any two", seconds=10, rounds=3, together=True)
        for key, title, scenario in KINDS
    ),
    tables=tuple(Table(title[0].upper() + title[1:], (key,), (CPU, WAKE)) for key, title, _ in KINDS),
    goals=(
        *goals("signal", "crosswake semaphore", "crosswake event"),
        *goals("channel", "crosswake", *QUEUES),
        *goals("lock", "crosswake"),
        *goals("awaited", "crosswake semaphore", "crosswake event", "crosswake queue", *QUEUES, "crosswake mutex"),
    ),
)
