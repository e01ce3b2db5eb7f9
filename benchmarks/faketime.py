"""Measure what libfaketime before a launched server costs, and how truly and how soon it moves the server's clock.

The server is a bare grpcio one, which answers with its own clock; sixteen threads call it without a pause. Each round
takes the ways to start it in an order drawn by a coin. The offsets are the server's own, asked over gRPC and set
against two looks at this machine's clock; nothing of the witness goes in.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from benchmarks.rig.estimate import Estimate, exact, median, turns
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from harness.clock import wall
from harness.lab.clocks.faked_clock import Faked, FakedClock
from harness.lab.processes.launch import Launch
from harness.lab.processes.launched import Launched

SERVER = """
import sys, time
from concurrent import futures
import grpc

def now(request, context):
    return repr(time.time()).encode()

server = grpc.server(futures.ThreadPoolExecutor(16))
handlers = {"Now": grpc.unary_unary_rpc_method_handler(now)}
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Clock", handlers),))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
server.wait_for_termination()
"""
PLAIN = Launch([sys.executable, "-c", SERVER, "{port}"])
WAYS = {
    "no preload": PLAIN,
    "cache_s=1": Launch(PLAIN.command, faketime=True),
    "cache_s=0": Launch(PLAIN.command, faketime=True, cache_s=0),
}
STEPS_S = (90.0, -90.0, 0.25, 3600.5)
THREADS = 16
SETTLED_S = 0.05
CALL_S = 0.5
"""What a call that asks may take on a busy machine."""


@dataclass
class Seen:
    """What one way of starting the server showed."""

    calls_per_s: list[float] = field(default_factory=list)
    wrong_s: list[float] = field(default_factory=list)
    seen_after_s: list[float] = field(default_factory=list)


def asking(channel: grpc.Channel) -> Callable[[], bytes]:
    """Return the call that asks the server for its clock."""
    now: Any = channel.unary_unary  # without serializers: bytes go and come
    stub = now("/Clock/Now")
    return lambda: bytes(stub(b"", timeout=10))


def ask(now: Callable[[], bytes], times: int = 1) -> float:
    """Return how far the server's clock is ahead, by its own word: of several answers the quickest one."""
    found = []
    for _ in range(times):
        before_s = wall()
        told_s = float(now())
        after_s = wall()
        found.append((after_s - before_s, told_s - (before_s + after_s) / 2))
    return min(found)[1]


def rate(channel: grpc.Channel, seconds: float) -> float:
    """Return the calls a second that threads get answered."""
    counts, until_s = [0] * THREADS, time.monotonic() + seconds

    def call(place: int) -> None:
        now = asking(channel)
        while time.monotonic() < until_s:
            now()
            counts[place] += 1

    threads = [threading.Thread(target=call, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def move(channel: grpc.Channel, clock: FakedClock, seen: Seen) -> None:
    """Step the clock, and note when the server shows it, and by how much it is off then."""
    now = asking(channel)
    for step_s in STEPS_S:
        clock.move_clock(step_s)
        at_s = time.monotonic()
        while abs(ask(now) - step_s) > SETTLED_S and time.monotonic() < at_s + 10:
            time.sleep(0.005)
        seen.seen_after_s.append(time.monotonic() - at_s)
        seen.wrong_s.append(abs(ask(now, times=10) - step_s))
    clock.move_clock(0.0)


def trial(launch: Launch, seen: Seen, seconds: float) -> None:
    """Start the server once, load it, and move its clock where it can be moved."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        faked = Faked.prepare(launch, run) if launch.faketime else None
        environ = faked.environ if faked else None
        with (
            Launched.start("target", launch, run / "target.log", environ=environ) as target,
            grpc.insecure_channel(target.address) as channel,
        ):
            clock = FakedClock(faked, target.pid) if faked else None  # its witness starts before the first call
            seen.calls_per_s.append(rate(channel, seconds))
            if clock:
                move(channel, clock, seen)
                clock.stop()


def worst(values: Sequence[float]) -> Estimate:
    """Return the largest."""
    return exact(max(values), len(values))


def main() -> int:
    rounds, seconds = (2, 1.0) if quick(__doc__) else (9, 3.0)
    seen = {name: Seen() for name in WAYS}
    for order in turns(list(WAYS), rounds):
        for name in order:
            trial(WAYS[name], seen[name], seconds)
    lines = [Line(f"calls a second, {name}", median(one.calls_per_s), digits=0) for name, one in seen.items()]
    for name, launch in WAYS.items():
        if launch.faketime:
            bound = Bound(below=CALL_S + (launch.cache_s + 1.0 if launch.cache_s else 0.0))
            lines.append(Line(f"largest error of a step, {name}", worst(seen[name].wrong_s), "s", 4, Bound(below=0.02)))
            lines.append(Line(f"latest sight of a step, {name}", worst(seen[name].seen_after_s), "s", 2, bound))
            lines.append(Line(f"median sight of a step, {name}", median(seen[name].seen_after_s), "s", 2))
    return show(lines)


if __name__ == "__main__":
    sys.exit(main())
