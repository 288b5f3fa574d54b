"""Samples in a file, and the figures that are made of them."""

import json
import os
import statistics
import time


class Mixed(Exception):
    """Samples that would make no honest table together."""


class Results:
    """What was measured: where; suite by suite the revision, the date and the options; what was left out; the samples.

    A sample: suite, case, peer, round, placement (one, any two, near, far, moved), ping_ns and values; or, in place of
    values, cannot or failed with the reason.
    """

    def __init__(self, data=None):
        self.data = data or {"format": 2, "machine": {}, "taken": {}, "left_out": {}, "samples": []}
        self.saved_at = 0.0

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        if data["format"] != 2:
            raise ValueError(f"{path} has format {data['format']}, and not 2")
        return Results(data)

    def save(self, path, at_most_each_s=0.0):
        if time.monotonic() - self.saved_at < at_most_each_s:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".partial")
        head = {k: v for k, v in self.data.items() if k != "samples"}
        lines = ",\n".join(json.dumps(s) for s in self.samples)
        with open(beside, "w", encoding="utf-8") as f:
            f.write(json.dumps(head, indent=1)[:-2] + ',\n "samples": [\n' + lines + "\n ]\n}\n")
        os.replace(beside, path)
        self.saved_at = time.monotonic()

    @property
    def samples(self):
        return self.data["samples"]

    def forget(self, suites):
        self.data["samples"] = [s for s in self.samples if s["suite"] not in suites]

    def begin(self, suites, machine, taken):
        """Samples of these suites are to come. What mixes with older ones must be of the same machine; and within a
        suite, where that goes on, of the same revision, with the same options."""
        if self.samples and self.data["machine"] != machine:
            raise Mixed("what the file has was measured on another machine, or with other versions")
        self.data["machine"] = machine
        for suite in suites:
            before = self.data["taken"].get(suite) if suite in self.suites() else None
            if before and before | {"date": None} != taken | {"date": None}:
                raise Mixed(f"what the file has of suite {suite} is of another revision, or was measured otherwise")
            self.data["taken"][suite] = before or taken

    def has(self, suite, case, peer, turn):
        return any(
            s["suite"] == suite and s["case"] == case and s["peer"] == peer and s["round"] == turn for s in self.samples
        )

    def reason(self, suite, case, peer):
        """Why a peer has no figures in a case, if it has none."""
        reasons = [
            s.get("cannot") or s.get("failed")
            for s in self.samples
            if s["suite"] == suite and s["case"] == case and s["peer"] == peer
        ]
        return reasons[0] if reasons and all(reasons) else None

    def is_given_up(self, suite, case, peer):
        """Who cannot is asked once; who failed may try again, once."""
        known = [s for s in self.samples if s["suite"] == suite and s["case"] == case and s["peer"] == peer]
        return any("cannot" in s for s in known) or sum("failed" in s for s in known) > 1

    def failures(self, suite, case):
        """Samples that are missing in a figure, which was made of the others."""
        failed = [s for s in self.samples if s["suite"] == suite and s["case"] == case and "failed" in s]
        return [s for s in failed if self.reason(suite, case, s["peer"]) is None]

    def suites(self):
        return list(dict.fromkeys(s["suite"] for s in self.samples))

    def peers(self, suite, cases):
        found = dict.fromkeys(s["peer"] for s in self.samples if s["suite"] == suite and s["case"] in cases)
        return list(found)

    def placements(self, suite, cases):
        found = {s["placement"] for s in self.samples if s["suite"] == suite and s["case"] in cases and "values" in s}
        return [p for p in ("one", "any two", "near", "far") if p in found]

    def by_round(self, suite, case, peer, metric, placement):
        return {
            s["round"]: s["values"][metric.key] * metric.scale
            for s in self.samples
            if s["suite"] == suite
            and s["case"] == case
            and s["peer"] == peer
            and s["placement"] == placement
            and metric.key in s.get("values", {})
        }

    def figure(self, suite, case, peer, metric, placement):
        values = list(self.by_round(suite, case, peer, metric, placement).values())
        if not values:
            return None
        if metric.over_rounds == "median":
            return Figure.of(values)
        return Figure({"sum": sum, "max": max}[metric.over_rounds](values), None, len(values))

    def ratio(self, suite, case, ours, theirs, metric, placement, their_case=None, their_metric=None):
        """ours / theirs, of the rounds in which both were measured at the same distance."""
        mine = self.by_round(suite, case, ours, metric, placement)
        others = self.by_round(suite, their_case or case, theirs, their_metric or metric, placement)
        pairs = [mine[r] / others[r] for r in mine if others.get(r)]
        return Figure.of(pairs) if pairs else None


class Figure:
    """A median with its spread: half the distance between the quartiles, in parts of the median."""

    def __init__(self, median, spread, count):
        self.median, self.spread, self.count = median, spread, count

    @staticmethod
    def of(values):
        median = statistics.median(values)
        if len(values) < 2:
            return Figure(median, None, len(values))
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return Figure(median, (high - low) / 2 / median if median else 0.0, len(values))
