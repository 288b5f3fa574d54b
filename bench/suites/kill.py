"""What becomes of the others when a process is killed."""

from harness.plan import Case, Goal, Metric, Suite, Table

KILLS = Metric("kills", "of kills", ratio=False, neutral=True, over_rounds="sum")
STUCK = Metric("stuck", "stuck for more than 1 s", ratio=False, over_rounds="sum")
UNUSABLE = Metric("unusable", "unusable", ratio=False, over_rounds="sum")
LOST = Metric("lost", "stuck or unusable", ratio=False, over_rounds="sum")
TIME = Metric("recovery_ms", "ms until it goes on", ratio=False)
WORST = Metric("recovery_worst_ms", "at worst, ms", ratio=False, over_rounds="max")
FEW = {"count": 2}

SUITE = Suite(
    name="kill",
    title="After a kill",
    about="SIGKILL for the owner of a lock, at a random moment of the first 0.3 s that another process waits for it: "
    "how long until that one has it. And, at a random moment, for one end of a busy queue, in whose place another "
    "process comes: how long until more messages have come through than it can hold, so that both ends go on.",
    cases=(
        Case("owner", "a lock's owner", "kill_owner", {"count": 20}, cores="any two", smoke=FEW),
        Case("end", "an end of a queue", "kill_end", {"count": 20}, cores="any two", smoke=FEW),
    ),
    tables=(
        Table("The owner of a lock", ("owner",), (STUCK, UNUSABLE, KILLS, TIME, WORST)),
        Table("One end of a busy queue", ("end",), (STUCK, UNUSABLE, KILLS, TIME, WORST)),
    ),
    goals=(
        Goal("a lock goes on within 100 ms of its owner's death", "owner", WORST, at_most=100),
        Goal("no lock is stuck or unusable", "owner", LOST, at_most=0),
        *(
            Goal(f"no {what} is stuck or unusable", "end", LOST, at_most=0, ours=peer)
            for what, peer in (
                ("queue", "crosswake"),
                ("work_queue", "crosswake work_queue"),
                ("message_queue", "crosswake message_queue"),
            )
        ),
    ),
)
