"""One line on the terminal that says how far it is."""

import shutil
import sys
import time


class Progress:
    def __init__(self, steps):
        self.steps, self.done, self.begin = steps, 0, time.monotonic()
        self.live = sys.stderr.isatty()
        self.last_suite = None

    def step(self, suite, what):
        spent = time.monotonic() - self.begin
        left = spent / self.done * (self.steps - self.done) if self.done else 0
        if self.live:
            line = f"{100 * self.done // self.steps:3} %  {clock(spent)}, {clock(left)} left  {suite}: {what}"
            sys.stderr.write("\r\033[K" + line[: shutil.get_terminal_size().columns - 1])
            sys.stderr.flush()
        elif suite != self.last_suite:
            print(f"{clock(spent)}  {suite}", file=sys.stderr, flush=True)
        self.last_suite = suite
        self.done += 1

    def say(self, what):
        self.end()
        print(what, file=sys.stderr, flush=True)

    def end(self):
        if self.live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
