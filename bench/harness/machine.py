"""Where it was measured, and of which revision."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from harness.sampler import ROOT

PACKAGES = (
    "g++-12 libboost1.81-dev libc6 libzmq3-dev libiceoryx-posh-dev libbenchmark-dev python3"  # as far as installed
)


def output(*command):
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def processor():
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe():
    versions = output("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n", *PACKAGES.split())
    installed = [line.split()[1:] for line in versions.splitlines() if line.startswith("ii")]
    return {
        "machine": f"{processor()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "versions": ", ".join(" ".join(p) for p in installed),
        "compiled": output("c++", "--version").partition("\n")[0] + ", -O2",
    }


def revision():
    return output("git", "describe", "--always", "--dirty", "--tags")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
