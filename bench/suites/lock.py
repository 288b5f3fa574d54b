"""Everybody wants the same lock all the time, and holds it for 100 ns."""

from harness.plan import Bars, Case, Goal, Metric, Suite, Table

TURNS = Metric("turns_per_s", "M turns/s", scale=1e-6, more_is_better=True)
SHARE = Metric("slowest_share", "slowest one's part of a fair share", more_is_better=True, ratio=False)
WORST = Metric("worst_wait_ms", "worst wait, ms", ratio=False, over_rounds="max")

SUITE = Suite(
    name="lock",
    title="Contended lock",
    about="Processes that take a lock, work inside for 100 ns, let go and want it again at once.",
    cases=(
        Case("two", "2 processes", "contended_lock", {"processes": 2}),
        Case("eight", "8 processes", "contended_lock", {"processes": 8}),
    ),
    tables=(
        Table("2 processes on two cores", ("two",), (TURNS, SHARE, WORST)),
        Table("8 processes on two cores", ("eight",), (TURNS, SHARE, WORST)),
    ),
    charts=(Bars("contended-lock", "Contended lock, 2 processes", "two", TURNS),),
    goals=(
        Goal("contended lock, 2 processes ≥ 2.2× pthread robust", "two", TURNS, "pthread robust", at_least=2.2),
        Goal("contended lock, 2 processes ≥ 2.2× pthread shared", "two", TURNS, "pthread shared", at_least=2.2),
        Goal("8 processes: the slowest gets ≥ 0.6 of a fair share", "eight", SHARE, at_least=0.6),
    ),
)
