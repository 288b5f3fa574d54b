"""Builds the programs that take samples, and asks them for one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
PROGRAM = BUILD / "bench" / "sampler"
NEAR_NS = 250  # a spinning round trip below this: the two cores share a cache close by


def build():
    for command in (
        ["cmake", "--preset", "release"],
        ["cmake", "--build", "--preset", "release", "--target", "bench.sampler"],
    ):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + "\nbench/run: the build failed")


def ask(command, timeout):
    """What the program printed, as JSON. It and all its children are gone afterwards."""
    process = subprocess.Popen(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer within {timeout:.0f} s"}
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()
    if process.returncode != 0:
        said = errors.strip().splitlines()
        return {"failed": said[-1][:200] if said else f"ended with {process.returncode}"}
    return json.loads(out)


class Samplers:
    """All programs that speak the sampler's language: the compiled one, and the scripts among the peers."""

    def __init__(self, cores):
        self.cores = cores
        programs = [[PROGRAM]] + [[sys.executable, "-B", p] for p in sorted((ROOT / "bench" / "peers").glob("*.py"))]
        self.by_scenario = {}
        for program in programs:
            for scenario, peers in ask([*program, "list"], 60).items():
                for peer in peers:
                    self.by_scenario.setdefault(scenario, {})[peer] = program

    def peers(self, scenario):
        return list(self.by_scenario.get(scenario, {}))

    def __contains__(self, peer):
        return any(peer in peers for peers in self.by_scenario.values())

    def ping_ns(self):
        answer = ask([PROGRAM, "ping", "--cores", self._core_list()], 20)
        return answer if isinstance(answer, float | int) else None

    def command(self, case, peer, turn, seconds, smoke):
        arguments = {**case.arguments, **(case.smoke if smoke else {})}
        command = [*self.by_scenario[case.scenario][peer], "sample", case.scenario, peer]
        command += ["--seconds", seconds, "--cores", self._core_list(), "--seed", turn]
        for name, value in arguments.items():
            command += [f"--{name}", value]
        return [*command, "--one-core"] if case.cores == "one" else command

    def _core_list(self):
        return ",".join(map(str, self.cores))


def placement(before, after):
    """near, far, or moved: the host moved the cores meanwhile, so that the sample is of neither."""
    if before is None or after is None:
        return "moved"
    if max(before, after) < NEAR_NS:
        return "near"
    return "far" if min(before, after) >= NEAR_NS else "moved"
