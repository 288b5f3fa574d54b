"""What is measured, suite by suite, in the order of the report."""

from suites import awaited, idle, kill, lock, many, queue, round_trip, uncontended

SUITES = tuple(m.SUITE for m in (uncontended, lock, round_trip, awaited, many, queue, idle, kill))

# Peers that need more than the library does, and the Debian package that brings them.
OPTIONAL = {
    "ZeroMQ": "libzmq3-dev",
    "iceoryx": "libiceoryx-posh-dev and iceoryx",
    "multiprocessing.Queue": "python3",
}
