"""Charts as SVG, in light and in dark. Logarithmic only where what they show lies an order of magnitude apart."""

import math
from html import escape

from harness.plan import OURS, Bars
from harness.tables import number, order

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; } .small { font-size: 11px; fill: #6e7781; }
.grid { stroke: #d0d7de; stroke-width: 1; } .bar { fill: #8c959f; } .ours { fill: #0969da; }
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9198a1; } .grid { stroke: #3d444d; } .bar { fill: #656c76; }
  .ours { fill: #4493f8; }
}
</style>"""
OUR_COLOUR = "#0969da"
COLOURS = ["#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#6e7781", "#0a7ea4", "#cf222e", "#57606a"]
DASHES = ["8 4", "2 3", "8 3 2 3"]  # of what is ours beside the one that is meant


def svg(width, height, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        + "\n".join([STYLE, *parts])
        + "\n</svg>\n"
    )


def scale(values, begin, end):
    far_apart = max(values) >= 10 * min(values)
    return (LogScale if far_apart else LinearScale)(values, begin, end)


class LinearScale:
    """From nought, in five to ten steps."""

    name = ""

    def __init__(self, values, begin, end):
        unit = 10.0 ** math.floor(math.log10(max(values)))
        self.step = next(unit / part for part in (5, 2, 1) if max(values) * part <= 10 * unit)
        self.high = self.step * math.ceil(max(values) / self.step)
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + value / self.high * (self.end - self.begin)

    def marks(self):
        return [i * self.step for i in range(round(self.high / self.step) + 1)]


class LogScale:
    name = ", logarithmic"

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)) - 0.05)
        self.high = max(math.ceil(math.log10(max(values)) + 0.05), self.low + 1)
        self.begin, self.end = begin, end

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def marks(self):
        return [10.0**e for e in range(self.low, self.high + 1)]


def text(x, y, content, anchor="start", css=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{escape(content)}</text>'


def widest(names):
    """About how wide the longest of them is."""
    return 8 * max(map(len, names))


def plain(mark):
    return f"{mark:,.9f}".rstrip("0").rstrip(".")


def bars(results, suite, chart, placement):
    peers = order(results, suite, chart.case, chart.metric, placement, results.peers(suite.name, [chart.case]))
    figures = [(p, results.figure(suite.name, chart.case, p, chart.metric, placement)) for p in peers]
    figures = [(p, f.median) for p, f in figures if f and f.median > 0]
    if not figures:
        return None
    left, top, row = 24 + widest(p for p, _ in figures), 72, 24
    right = left + 500
    bottom = top + row * len(figures)
    x = scale([v for _, v in figures], left, right)
    parts = heading(chart, placement, x)
    for m in x.marks():
        parts.append(f'<line class="grid" x1="{x(m):.1f}" x2="{x(m):.1f}" y1="{top - 6}" y2="{bottom}"/>')
        parts.append(text(x(m), top - 10, plain(m), "middle", "small"))
    for i, (peer, value) in enumerate(figures):
        y = top + i * row
        css = "ours" if peer.startswith(OURS) else "bar"
        parts.append(text(left - 8, y + 14, peer, "end"))
        width = max(x(value) - left, 1)
        parts.append(f'<rect class="{css}" x="{left}" y="{y + 3}" height="{row - 8}" width="{width:.1f}" rx="2"/>')
        parts.append(text(x(value) + 6, y + 14, number(value)))
    return svg(right + 70, bottom + 12, parts)


def lines(results, suite, chart, placement):
    keys = [k for k, _ in chart.cases]
    series = {}
    for peer in order(results, suite, keys[0], chart.metric, placement, results.peers(suite.name, keys)):
        figures = [results.figure(suite.name, k, peer, chart.metric, placement) for k in keys]
        if any(f and f.median > 0 for f in figures):
            series[peer] = [f.median if f and f.median > 0 else None for f in figures]
    if not series:
        return None
    left, right, top, bottom = 70, 560, 64, 396
    y = scale([v for s in series.values() for v in s if v], bottom, top)

    def x(place):
        return left + 20 + place * (right - left - 40) / max(len(keys) - 1, 1)

    parts = heading(chart, placement, y)
    for m in y.marks():
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y(m):.1f}" y2="{y(m):.1f}"/>')
        parts.append(text(left - 6, y(m) + 4, plain(m), "end", "small"))
    for i, (_, label) in enumerate(chart.cases):
        parts.append(text(x(i), bottom + 18, label, "middle", "small"))
    others, dashes = iter(COLOURS), iter(DASHES)
    for n, (peer, values) in enumerate(series.items()):
        colour = OUR_COLOUR if peer.startswith(OURS) else next(others)
        width = 3.5 if peer == OURS else 1.8
        dash = next(dashes) if peer.startswith(OURS) and peer != OURS else "none"
        points = [(x(i), y(v)) for i, v in enumerate(values) if v]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        style = f"stroke:{colour};stroke-width:{width};stroke-dasharray:{dash}"
        parts.append(f'<polyline class="line" style="{style}" points="{path}"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{width}" style="fill:{colour}"/>' for a, b in points]
        level = top + n * 22
        parts.append(f'<polyline class="line" style="{style}" points="{right},{level} {right + 22},{level}"/>')
        parts.append(text(right + 28, level + 4, peer))
    return svg(right + 40 + widest(series), bottom + 34, parts)


def heading(chart, placement, scale):
    better = "more" if chart.metric.more_is_better else "less"
    where = f", {placement} cores" if placement in ("near", "far") else ""
    axis = f"{chart.metric.title}{scale.name}; {better} is better{where}"
    return [text(12, 22, chart.title, css="title"), text(12, 40, axis, css="small")]


def draw(results, suite, chart):
    """The chart at the distance of which there are most samples; None without figures."""
    cases = [chart.case] if isinstance(chart, Bars) else [k for k, _ in chart.cases]
    counts = {
        p: sum(s["suite"] == suite.name and s["case"] in cases and s["placement"] == p for s in results.samples)
        for p in results.placements(suite.name, cases)
    }
    if not counts:
        return None
    placement = max(counts, key=counts.get)
    return (bars if isinstance(chart, Bars) else lines)(results, suite, chart, placement)
