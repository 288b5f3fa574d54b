"""Figures as Markdown, aligned so that a terminal shows them well too."""

from harness.plan import OURS


def number(value, more=0):
    """Three digits or so, and that many more."""
    if value == int(value):
        return f"{value:,.0f}"
    if abs(value) < 0.1:
        return f"{value:.{2 + more}g}"
    return f"{value:,.{more + (0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2)}f}"


def spread(figure):
    if figure.spread is None:
        return ""
    return f" ±{figure.spread * 100:.0f} %" if figure.spread <= 1 else " unsteady"


def cell(figure, ratio):
    if figure is None:
        return "–"
    return number(figure.median) + spread(figure) + ("" if ratio is None else f" · {number(ratio.median)}×")


def aligned(rows):
    """Rows of cells as a Markdown table; the first is its head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |"

    return "\n".join([line(rows[0]), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *map(line, rows[1:])])


def order(results, suite, case, metric, placement, peers):
    """The best first; who has no figure last."""

    def rank(peer):
        figure = results.figure(suite.name, case, peer, metric, placement)
        if figure is None:
            return (1, 0)
        return (0, -figure.median if metric.more_is_better else figure.median)

    return sorted(peers, key=rank)


def table(results, suite, t, placement):
    columns = [(suite.case(key), m) for key, m in t.columns]
    peers = results.peers(suite.name, t.cases)
    case, metric = columns[0]
    rows = [["", *heads(t, columns)]]
    for peer in order(results, suite, case.key, metric, placement, peers):
        row = [f"**{peer}**" if peer.startswith(OURS) else peer]
        for c, m in columns:
            figure = results.figure(suite.name, c.key, peer, m, placement)
            ratio = None
            if m.ratio and peer != c.ours:
                ratio = results.ratio(suite.name, c.key, c.ours, peer, m, placement)
            row.append(cell(figure, ratio))
        if any(x != "–" for x in row[1:]):
            rows.append(row)
    return aligned(rows) if len(rows) > 1 else ""


def heads(t, columns):
    """What tells the columns apart: the case, the metric, or both."""
    cases, metrics = len(set(t.cases)) > 1, len(set(t.metrics)) > 1
    if cases and metrics:
        return [f"{c.title}, {m.title}" for c, m in columns]
    return [c.title if cases else m.title for c, m in columns]


def suite_text(results, suite):
    """All tables of a suite, near apart from far."""
    parts = []
    for t in suite.tables:
        placements = results.placements(suite.name, t.cases)
        for placement in placements:
            text = table(results, suite, t, placement)
            if text:
                parts.append(f"**{t.title}**" + (f", {placement} cores" if placement in ("near", "far") else ""))
                parts.append(text)
    left = left_out(results, suite)
    return "\n\n".join(parts + ([left] if left else []))


def left_out(results, suite):
    """Who has no figure for what, and why, said once for all of whom it is true; and whose figures lack a sample."""
    cases_of = {}
    for c in suite.cases:
        for peer in results.peers(suite.name, [c.key]):
            reason = results.reason(suite.name, c.key, peer)
            if reason:
                cases_of.setdefault((peer, reason), set()).add(c.key)
    peers_of = {}
    for (peer, reason), keys in cases_of.items():
        peers_of.setdefault((names(suite, keys), reason), []).append(peer)
    lines = [f"- No figure for {c}: {', '.join(p)} ({r})." for (c, r), p in peers_of.items()]
    for c in suite.cases:
        for s in results.failures(suite.name, c.key):
            where = f"{s['peer']}, {c.name}, round {s['round'] + 1}"
            lines.append(f"- Without a sample that failed: {where} ({s['failed']}).")
    return "\n".join(lines)


def names(suite, keys):
    """Of the cases: where it is a whole group, the group's; and what groups have in common is said once."""
    groups, parts = {}, {}
    for c in suite.cases:
        groups.setdefault(c.group or c.title, []).append(c)
    for group, cases in groups.items():
        titles = [c.title for c in cases if c.key in keys]
        if titles:
            parts.setdefault("" if len(titles) == len(cases) else ", ".join(titles), []).append(group)
    return "; ".join(f"{titles} ({', '.join(g)})" if titles else ", ".join(g) for titles, g in parts.items())


def goal_rows(results, suites):
    rows = [["goal", "measured", "", ""]]
    for suite in suites:
        for g in suite.goals:
            for placement in results.placements(suite.name, [g.case]):
                figure = goal_figure(results, suite, g, placement)
                if figure is None:
                    continue
                where = placement if placement in ("near", "far") else ""
                reached = "reached" if g.reached(figure.median) else "**missed**"
                rows.append([g.text, goal_measured(g, figure), where, reached])
    return rows


def goal_figure(results, suite, g, placement):
    if g.theirs:
        return results.ratio(suite.name, g.case, g.ours, g.theirs, g.metric, placement, g.their_case, g.their_metric)
    return results.figure(suite.name, g.case, g.ours, g.metric, placement)


def goal_measured(g, figure):
    return telling(g, figure.median) + ("×" if g.theirs else "") + spread(figure)


def telling(goal, value):
    """With as many digits as it takes to see on which side of the bound it is."""
    for more in range(6):
        text = number(value, more)
        if goal.reached(float(text.replace(",", ""))) == goal.reached(value):
            break
    return text


def goals_text(results, suites):
    rows = goal_rows(results, suites)
    return aligned(rows) if len(rows) > 1 else ""


def taken_lines(results):
    """Of which revision, when and how; suite by suite where that differs."""
    suites_of = {}
    for suite in results.suites():
        told = ", ".join(f"{k} {v}" for k, v in results.data["taken"][suite].items())
        suites_of.setdefault(told, []).append(suite)
    if len(suites_of) == 1:
        return [f"- {told}" for told in suites_of]
    return [f"- {', '.join(suites)}: {told}" for told, suites in suites_of.items()]


def machine_text(results):
    lines = [f"- {k}: {v}" for k, v in results.data["machine"].items()]
    lines += taken_lines(results)
    for peer, why in results.data["left_out"].items():
        lines.append(f"- left out: {peer} ({why})")
    pings = sorted(s["ping_ns"] for s in results.samples if s.get("ping_ns"))
    if pings:
        moved = sum(s["placement"] == "moved" for s in results.samples)
        lines.append(
            f"- a spinning round trip between the two cores took {pings[0]:.0f} to {pings[-1]:.0f} ns, "
            f"{pings[len(pings) // 2]:.0f} in the median; {moved} samples during which that changed are left out"
        )
    return "\n".join(lines)
