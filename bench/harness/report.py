"""Puts samples beside the documents, and tables and charts of them where documents have room for that: between
<!-- bench:name --> and <!-- bench:end -->."""

import re

from harness import charts, tables
from harness.sampler import ROOT

SAMPLES = ROOT / "docs" / "performance.json"
DOCUMENTS = (ROOT / "docs" / "performance.md", ROOT / "README.md")
CHARTS = ROOT / "docs" / "charts"


def draw_charts(results, suites):
    drawn = {}
    for suite in suites:
        for chart in suite.charts:
            picture = charts.draw(results, suite, chart)
            if picture:
                CHARTS.mkdir(parents=True, exist_ok=True)
                (CHARTS / f"{chart.file}.svg").write_text(picture, encoding="utf-8")
                drawn[chart.file] = chart.title
    return drawn


def write(results, suites):
    results.save(SAMPLES)
    drawn = draw_charts(results, suites)
    rooms = {"machine": tables.machine_text(results), "goals": tables.goals_text(results, suites)}
    for suite in suites:
        pictures = [f"![{drawn[c.file]}](charts/{c.file}.svg)" for c in suite.charts if c.file in drawn]
        rooms[suite.name] = "\n\n".join([suite.about, *pictures, tables.suite_text(results, suite)])
    for name, title in drawn.items():
        rooms[f"chart {name}"] = f"![{title}](docs/charts/{name}.svg)"

    def fill(match):
        content = rooms.get(match["name"])
        if not content:
            return match[0]
        return f"<!-- bench:{match['name']} -->\n\n{content}\n\n<!-- bench:end -->"

    room = re.compile(r"<!-- bench:(?P<name>(?!end)[^>]*?) -->.*?<!-- bench:end -->", re.DOTALL)
    for document in DOCUMENTS:
        if document.exists():
            document.write_text(room.sub(fill, document.read_text(encoding="utf-8")), encoding="utf-8")
