"""Which ratios got worse than their noise since an earlier measurement."""

from harness.tables import aligned


def compare(suites, old, new):
    """The rows of a table of what got worse, and how many ratios were compared.

    Ratios to floors and peers, not figures: both sides of a ratio were measured by turns on the same machine.
    """
    worse, compared = [], 0
    for suite in suites:
        for t in suite.tables:
            for key in t.cases:
                case = suite.case(key)
                for metric in (m for m in t.metrics if m.ratio):
                    for placement in new.placements(suite.name, [key]):
                        for peer in new.peers(suite.name, [key]):
                            if peer == case.ours:
                                continue
                            was = old.ratio(suite.name, key, case.ours, peer, metric, placement)
                            now = new.ratio(suite.name, key, case.ours, peer, metric, placement)
                            if was is None or now is None or not was.median or not now.median:
                                continue
                            compared += 1
                            change = now.median / was.median
                            if metric.more_is_better:
                                change = 1 / change
                            if change > 1 + noise(was) + noise(now):
                                what = f"{suite.title}: {case.name}, {metric.title}, {placement}"
                                worse.append([what, peer, f"{was.median:.2f}×", f"{now.median:.2f}×"])
    return worse, compared


def noise(ratio):
    """Twice the spread; at least 5 % each, and a fifth where one round says nothing about noise."""
    return 0.2 if ratio.spread is None else max(0.05, 2 * ratio.spread)


def text(worse, compared):
    if not worse:
        return f"{compared} ratios compared; none got worse than its noise"
    return f"{len(worse)} of {compared} ratios got worse than their noise:\n\n" + aligned(
        [["", "beside", "was", "is"], *worse]
    )
