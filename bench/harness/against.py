"""Which ratios got worse than their noise since an earlier measurement, and which are not there any more."""

from harness.tables import aligned, number


class Comparison:
    """Of ratios to floors and peers, not figures: both sides of a ratio were measured by turns on the same machine."""

    def __init__(self, suites, old, new):
        self.worse = []  # rows of a table
        self.gone = []  # what the earlier measurement has a ratio of, and this one has not
        self.compared = 0
        for suite in suites:
            for case, metric in ratios_shown(suite):
                for placement in old.placements(suite.name, [case.key]):
                    for peer in old.peers(suite.name, [case.key]):
                        if peer != case.ours:
                            asked = suite.name, case.key, case.ours, peer, metric, placement
                            what = f"{suite.title}: {case.name}, {metric.title}, {placement}"
                            self.enter(what, peer, metric, old.ratio(*asked), new.ratio(*asked))

    def enter(self, what, peer, metric, was, now):
        if was is None or not was.median:
            return
        if now is None or not now.median:
            self.gone.append(f"{what}, beside {peer}")
            return
        self.compared += 1
        change = was.median / now.median if metric.more_is_better else now.median / was.median
        if change > 1 + noise(was) + noise(now):
            self.worse.append([what, peer, f"{number(was.median)}×", f"{number(now.median)}×"])

    def is_good(self):
        return self.compared > 0 and not self.worse

    def text(self):
        lines = [f"{self.compared} ratios compared; {len(self.worse) or 'none'} got worse than the noise"]
        if self.worse:
            lines.append(aligned([["", "beside", "was", "is"], *self.worse]))
        if self.gone:
            lines.append("not compared, for it was measured then and was not now (or at another distance only):")
            lines.append("\n".join(f"- {g}" for g in self.gone))
        return "\n\n".join(lines)


def ratios_shown(suite):
    for t in suite.tables:
        for key, metric in t.columns:
            if metric.ratio:
                yield suite.case(key), metric


def noise(ratio):
    """Twice the spread; at least 5 % each, and a fifth where one round says nothing about noise."""
    return 0.2 if ratio.spread is None else max(0.05, 2 * ratio.spread)
