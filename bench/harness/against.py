"""What of ours got worse than the noise since an earlier measurement, and what is not there any more."""

from harness import tables
from harness.plan import OURS
from harness.results import Figure


class Comparison:
    """Of each row of ours: its ratios to floors and peers, both sides of which were measured by turns on the same
    machine; its plain figures where no ratio is shown; and the goals."""

    def __init__(self, suites, old, new):
        self.old, self.new = old, new
        self.worse = []  # rows of a table
        self.missed = []  # goals that were reached, as rows of a table
        self.gone = []  # rows of ours that the earlier measurement has, and this one has not
        self.skipped = []  # what has no figure at the same distance any more; a peer that is gone
        self.compared = 0
        for suite in suites:
            self.gone += unplanned(suite, old)
            for case, metric in measured(suite):
                there = {p: self.shared(suite, case, metric, p) for p in old.peers(suite.name, [case.key])}
                theirs = [p for p in there if not is_ours(p)]
                for ours in filter(is_ours, there):
                    for place in there[ours]:
                        self.row(suite, case, metric, ours, theirs, place)
            for goal in suite.goals:
                self.goal(suite, goal)

    def shared(self, suite, case, metric, peer):
        """At which distances there are figures of both measurements."""
        what = f"{suite.title}: {case.name}, {metric.title}"
        then, now = (places(r, suite, case, peer, metric) for r in (self.old, self.new))
        if then and not now and is_ours(peer):
            self.gone.append(f"{what}, {peer}")
        else:
            self.skipped += [f"{what}, {p}, {peer}" for p in then if p not in now]
        return [p for p in then if p in now]

    def row(self, suite, case, metric, ours, theirs, place):
        what = f"{suite.title}: {case.name}, {metric.title}, {place}"
        if not metric.ratio:
            was, now = (plain(r, suite, case, ours, metric, place) for r in (self.old, self.new))
            self.enter([what, ours, ""], metric, was, now)
            return
        for peer in theirs:
            was, now = (r.ratio(suite.name, case.key, ours, peer, metric, place) for r in (self.old, self.new))
            if was and now:
                self.enter([what, ours, peer], metric, was, now, "×")

    def enter(self, what, metric, was, now, unit=""):
        self.compared += 1
        better, worse = (now, was) if metric.more_is_better else (was, now)
        if worse.median > better.median * (1 + noise(was) + noise(now)):
            self.worse.append([*what, *(tables.number(f.median) + unit for f in (was, now))])

    def goal(self, suite, goal):
        for place in self.old.placements(suite.name, [goal.case]):
            was, now = (tables.goal_figure(r, suite, goal, place) for r in (self.old, self.new))
            if was and now and goal.reached(was.median) and not goal.reached(now.median):
                self.missed.append([goal.text, place, *(tables.goal_measured(goal, f) for f in (was, now))])

    def is_good(self):
        return self.compared > 0 and not (self.worse or self.missed or self.gone)

    def text(self):
        lines = [f"{self.compared} figures compared; {len(self.worse) or 'none'} got worse than the noise"]
        if self.old.data["machine"] != self.new.data["machine"]:
            lines.append("measured on another machine, or with other versions: what is no ratio may differ by that")
        if self.worse:
            lines.append(tables.aligned([["", "ours", "beside", "was", "is"], *self.worse]))
        if self.missed:
            lines.append("goals that were reached and are missed:")
            lines.append(tables.aligned([["goal", "", "was", "is"], *self.missed]))
        if self.gone:
            lines.append("ours, and gone:\n\n" + "\n".join(f"- {g}" for g in self.gone))
        if self.skipped:
            lines.append("not compared, for it was measured then and was not now (or at another distance only):")
            lines.append("\n".join(f"- {s}" for s in self.skipped))
        return "\n\n".join(lines)


def is_ours(peer):
    return peer.startswith(OURS)


def measured(suite):
    """Of which more or less is better, in a table or a goal."""
    shown = [column for t in suite.tables for column in t.columns] + [(g.case, g.metric) for g in suite.goals]
    return [(suite.case(key), metric) for key, metric in dict.fromkeys(shown) if not metric.neutral]


def unplanned(suite, old):
    """Rows of ours in cases that the suite has no more."""
    cases = {c.key for c in suite.cases}
    rows = [(s["case"], s["peer"]) for s in old.samples if s["suite"] == suite.name and "values" in s]
    return [f"{suite.title}: case {c}, {p}" for c, p in dict.fromkeys(rows) if c not in cases and is_ours(p)]


def places(results, suite, case, peer, metric):
    near_or_far = results.placements(suite.name, [case.key])
    return [p for p in near_or_far if results.by_round(suite.name, case.key, peer, metric, p)]


def plain(results, suite, case, peer, metric, place):
    """Of one round, so that it does not depend on how many there were: the mean of what is counted, in which one is not
    lost among many; else the median, of what is the worst of its round, too."""
    rounds = list(results.by_round(suite.name, case.key, peer, metric, place).values())
    figure = Figure.of(rounds)
    if metric.over_rounds == "sum":
        figure.median = sum(rounds) / len(rounds)
    return figure


def noise(figure):
    """Twice the spread; at least 5 % each, and a fifth where one round says nothing about noise."""
    return 0.2 if figure.spread is None else max(0.05, 2 * figure.spread)
