#!/usr/bin/env python3
"""Python's multiprocessing.Queue: the reader's anchor. Speaks the language of the compiled sampler (main.cpp)."""

import argparse
import json
import multiprocessing
import os
import time

PEER = "multiprocessing.Queue"


def pin(core):
    os.sched_setaffinity(0, {core})


def consume(queue, core, result):
    pin(core)
    count = 0
    while queue.get() is not None:
        count += 1
    result.put(count)


def stream(o):
    queue, result = multiprocessing.Queue(max(4, min(16384, (1 << 20) // o.size))), multiprocessing.Queue()
    consumer = multiprocessing.Process(target=consume, args=(queue, o.cores[1], result), daemon=True)
    consumer.start()
    pin(o.cores[0])
    item = bytes(o.size)
    begin = time.monotonic()
    while time.monotonic() < begin + o.seconds:
        queue.put(item)
    queue.put(None)
    count = result.get()
    seconds = time.monotonic() - begin
    return {"messages_per_s": count / seconds, "gb_per_s": count * o.size / seconds / 1e9}


def echo(there, back, core):
    pin(core)
    while (item := there.get()) is not None:
        back.put(item)


def message_trip(o):
    there, back = multiprocessing.Queue(), multiprocessing.Queue()
    core = o.cores[0] if o.one_core else o.cores[1]
    other = multiprocessing.Process(target=echo, args=(there, back, core), daemon=True)
    other.start()
    pin(o.cores[0])
    item = bytes(o.size)
    ones = []
    for _ in range(10):
        there.put(item)
        back.get()
    begin = time.monotonic()
    while time.monotonic() < begin + o.seconds:
        one = time.monotonic()
        there.put(item)
        back.get()
        ones.append((time.monotonic() - one) * 1e6)
    us = (time.monotonic() - begin) * 1e6
    there.put(None)
    other.join()
    return {"trip_us": us / len(ones), "trip_p99_us": sorted(ones)[int(0.99 * (len(ones) - 1))]}


SCENARIOS = {"stream": stream, "message_trip": message_trip}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    commands = p.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    sample = commands.add_parser("sample")
    sample.add_argument("scenario", choices=SCENARIOS)
    sample.add_argument("peer", choices=[PEER])
    sample.add_argument("--seconds", type=float, default=0.2)
    sample.add_argument("--cores", type=lambda s: [int(c) for c in s.split(",")], default=[0, 1])
    sample.add_argument("--one-core", action="store_true")
    for name, default in (("size", 64), ("producers", 1), ("consumers", 1), ("batch", 1), ("seed", 0)):
        sample.add_argument(f"--{name}", type=int, default=default)
    o = p.parse_args()
    if o.command == "list":
        answer = {s: [PEER] for s in SCENARIOS}
    elif o.producers != 1 or o.consumers != 1 or o.batch != 1:
        answer = {"cannot": "measured from one to one, one by one"}
    else:
        answer = SCENARIOS[o.scenario](o)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
