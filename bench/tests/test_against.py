"""Two measurements, the later one with something of each kind that has changed."""

import unittest
from pathlib import Path

from harness.against import Comparison
from harness.plan import Case, Goal, Metric, Suite, Table
from harness.results import Results

TRIP = Metric("trip_us", "µs")
WORST = Metric("trip_p99_us", "99 % within, µs", ratio=False)
KILLS = Metric("kills", "of kills", ratio=False, neutral=True, over_rounds="sum")
STUCK = Metric("stuck", "stuck", ratio=False, over_rounds="sum")

SMALL = Suite(
    name="small",
    title="Small",
    about="",
    cases=(Case("trip", "there and back", ""), Case("kill", "a kill", "")),
    tables=(Table("Trip", ("trip",), (TRIP, WORST)), Table("Kill", ("kill",), (STUCK, KILLS))),
    goals=(
        Goal("a trip ≤ 0.15× pipe", "trip", TRIP, "pipe", at_most=0.15),
        Goal("an event's ≤ 0.15× pipe", "trip", TRIP, "pipe", at_most=0.15, ours="crosswake event"),
        Goal("99 % within 1 µs", "trip", WORST, at_most=1),
    ),
)
EARLIER, LATER = (Results.load(Path(__file__).with_name(f"{when}.json")) for when in ("earlier", "later"))


class Against(unittest.TestCase):
    def setUp(self):
        self.comparison = Comparison([SMALL], EARLIER, LATER)

    def test_what_got_worse(self):
        self.assertEqual(
            self.comparison.worse,
            [
                # Not ours beside ours: that one of them takes half the time makes no other worse.
                ["Small: there and back, µs, near", "crosswake event", "pipe", "0.12×", "0.18×"],
                ["Small: there and back, 99 % within, µs, near", "crosswake", "", "4", "8"],
                # Once among three rounds; and of kills neither more nor fewer are better.
                ["Small: a kill, stuck, any two", "crosswake", "", "0", "0.33"],
            ],
        )

    def test_a_goal_that_was_reached_and_is_missed(self):
        self.assertEqual([goal for goal, *_ in self.comparison.missed], ["an event's ≤ 0.15× pipe"])

    def test_a_row_of_ours_that_is_gone(self):
        self.assertEqual(
            self.comparison.gone,
            [
                "Small: case renamed, crosswake",
                "Small: there and back, µs, crosswake in place",
                "Small: there and back, 99 % within, µs, crosswake in place",
            ],
        )

    def test_a_peer_that_is_gone_is_only_named(self):
        self.assertIn("Small: there and back, µs, near, socket", self.comparison.skipped)
        alone = Results({**LATER.data, "samples": [s for s in LATER.samples if s["peer"] != "pipe"]})
        comparison = Comparison([SMALL], LATER, alone)
        self.assertIn("Small: a kill, stuck, any two, pipe", comparison.skipped)
        self.assertTrue(comparison.is_good())

    def test_each_alone_is_bad(self):
        self.assertFalse(self.comparison.is_good())
        for what in ("worse", "missed", "gone"):
            with self.subTest(what):
                same = Comparison([SMALL], LATER, LATER)
                self.assertTrue(same.is_good())
                setattr(same, what, getattr(self.comparison, what))
                self.assertFalse(same.is_good())

    def test_nothing_compared_is_bad(self):
        self.assertFalse(Comparison([SMALL], EARLIER, Results()).is_good())
        self.assertFalse(Comparison([SMALL], Results(), EARLIER).is_good())

    def test_the_text_has_all_of_it(self):
        text = self.comparison.text()
        for what in ("0.18×", "an event's ≤ 0.15× pipe", "case renamed", "socket"):
            self.assertIn(what, text)
