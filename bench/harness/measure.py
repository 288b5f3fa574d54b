"""Takes the samples: round by round, all peers of a case one after the other in each."""

import signal
from concurrent.futures import ThreadPoolExecutor

from harness.progress import Progress
from harness.sampler import ask, placement

PATIENCE_S = 30  # a sample that takes this much longer than it should has hung


class Measurement:
    def __init__(self, results, suites, samplers, options):
        self.results, self.suites, self.samplers, self.options = results, suites, samplers, options
        self.ping_ns = None
        self.progress = None

    def run(self):
        """False: stopped by Ctrl-C. What was measured by then is in the file."""
        todo = self.todo()
        self.progress = progress = Progress(max(len(todo), 1))
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            for turn, suite, case, peers in todo:
                progress.step(suite.name, f"round {turn + 1} of {self.options.rounds}, {case.name}")
                self.take(turn, suite, case, peers)
                self.results.save(self.options.out, at_most_each_s=5)
            return True
        except KeyboardInterrupt:
            return False
        finally:
            progress.end()
            self.results.save(self.options.out)

    def todo(self):
        """Round by round, so that whatever changes on the machine meets everybody."""
        steps = []
        for turn in range(self.options.rounds):
            for suite in self.suites:
                for case in suite.cases:
                    if turn >= (case.rounds or self.options.rounds):
                        continue
                    peers = [
                        p
                        for p in self.samplers.peers(case.scenario)
                        if not self.results.has(suite.name, case.key, p, turn)
                    ]
                    # Nobody always comes first.
                    shift = turn % len(peers) if peers else 0
                    if peers:
                        steps.append((turn, suite, case, peers[shift:] + peers[:shift]))
        return steps

    def take(self, turn, suite, case, peers):
        peers = [p for p in peers if not self.results.is_given_up(suite.name, case.key, p)]
        if case.together:
            with ThreadPoolExecutor(len(peers) or 1) as pool:
                answers = pool.map(lambda p: self.sample(case, p, turn), peers)
                for peer, answer in zip(peers, list(answers)):
                    self.keep(turn, suite, case, peer, case.cores, answer)
            return
        self.ping_ns = None  # the last one is of another case
        for peer in peers:
            if case.cores != "two":
                self.keep(turn, suite, case, peer, case.cores, self.sample(case, peer, turn))
                continue
            before = self.ping_ns if self.ping_ns is not None else self.samplers.ping_ns()
            answer = self.sample(case, peer, turn)
            self.ping_ns = self.samplers.ping_ns()
            self.keep(turn, suite, case, peer, placement(before, self.ping_ns), answer, self.ping_ns)

    def sample(self, case, peer, turn):
        seconds = self.options.duration if case.seconds is None else case.seconds
        if self.options.smoke:
            seconds = self.options.duration
        command = self.samplers.command(case, peer, turn, seconds, self.options.smoke)
        return ask(command, seconds + PATIENCE_S)

    def keep(self, turn, suite, case, peer, where, answer, ping_ns=None):
        sample = {"suite": suite.name, "case": case.key, "peer": peer, "round": turn, "placement": where}
        if ping_ns is not None:
            sample["ping_ns"] = round(ping_ns)
        if "cannot" in answer or "failed" in answer:
            sample |= answer
            if "failed" in answer:
                self.progress.say(f"{suite.name}, {case.name}, {peer}, round {turn + 1}: {answer['failed']}")
        else:
            sample["values"] = answer
        self.results.samples.append(sample)
