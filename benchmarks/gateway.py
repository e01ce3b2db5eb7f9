"""Measure the gateway between a client and a server in Go: CPU per call, added time, and that no call is lost.

Rounds of direct, through a gateway that keeps no rows, and through one that does, in an order drawn anew each round.
A gateway's CPU time is its own process's. All of it shares the machine's cores, so that ratios say something and
absolute figures little.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rig.estimate import Estimate, exact, median, turns
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from harness.lab.control.client import GatewayControl
from harness.lab.gateway.service import FLUSH_EVERY_S
from harness.lab.processes.child import Child

PEER = Path("build/gateway/gopeer")
SECRET = "benchmark"  # noqa: S105 - of a gateway on loopback, for minutes
IN_FLIGHT = 50
HELD = 1000
RATE_PER_S = 300
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "statuses": {"kind": "status", "share": 0.05},
    "resets": {"kind": "reset", "share": 0.05},
    "late": {"kind": "delay", "end_s": 0.002, "share": 0.02},
    "drains": {"kind": "goaway", "after_calls": 5000},
}


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    rounds: int
    calls: int
    paced_calls: int
    whole_calls: int


@dataclass(frozen=True)
class Way:
    """One way to the server; ``control`` is the gateway's on it, or None."""

    address: str
    control: GatewayControl | None = None


@dataclass(frozen=True)
class Score:
    """What one way did in one round: without other streams, beside a thousand, and at a slow pace."""

    calls_per_cpu_s: float
    calls_per_cpu_s_beside: float
    calls_per_s: float
    paced_p50_ms: float


@contextmanager
def ways() -> Iterator[tuple[str, dict[str, Way]]]:
    """Start the server, and the gateways before it; return its address and the ways."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        folder = Path(name)
        server = ends.enter_context(subprocess.Popen([PEER, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert server.stdin
        assert server.stdout
        ends.callback(server.stdin.close)
        address = json.loads(server.stdout.readline())["address"]
        found = {"direct": Way(address)}
        for way, rows in (("bare", None), ("rows", name)):
            settings = {"upstream": {"addresses": [address]}, "control_secret": SECRET, "folder": rows}
            child = ends.enter_context(Child.start(way, "harness.lab.gateway", settings, folder / f"{way}.log"))
            control = GatewayControl(child.ready["control_url"], SECRET)
            found[way] = Way(control.open_listener(0), control)
        yield address, found


def load(way: Way, **flags: Any) -> dict[str, Any]:
    """Return what a client says of its calls over one way."""
    command = [str(PEER), "load", "-addr", way.address]
    command += [text for name, value in flags.items() for text in (f"-{name}", str(value))]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def cpu_s(way: Way) -> float:
    """Return how much CPU time the gateway on a way has taken."""
    return float(way.control.state()["health"]["cpu_s"]) if way.control is not None else 0.0


def per_cpu_s(way: Way, calls: int, held: int = 0) -> tuple[float, float]:
    """Return calls per CPU second of the gateway, and calls per second, while other streams are held open."""
    command = [str(PEER), "load", "-addr", way.address, "-n", str(calls), "-c", str(IN_FLIGHT), "-held", str(held)]
    with subprocess.Popen([*command, "-pause"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        spent_s = -at_the_next_pause(client, way)
        spent_s += at_the_next_pause(client, way)
        assert client.stdout
        told = json.loads(client.stdout.readline())
    assert (told["ok"], told["held"]) == (calls, held)
    return (calls / spent_s if spent_s else 0.0), calls / told["seconds"]


def at_the_next_pause(client: "subprocess.Popen[str]", way: Way) -> float:
    """Return the gateway's CPU time when the client pauses, and let it go on."""
    assert client.stdin
    assert client.stdout
    client.stdout.readline()
    spent_s = cpu_s(way)
    client.stdin.write("\n")
    client.stdin.flush()
    return spent_s


def play(found: Mapping[str, Way], scale: Scale) -> list[dict[str, Score]]:
    """Measure every way in every round; the first round warms up and does not count."""
    return [{name: score(found[name], scale) for name in order} for order in turns(list(found), scale.rounds + 1)][1:]


def score(way: Way, scale: Scale) -> Score:
    """Measure one way once."""
    alone, per_s = per_cpu_s(way, scale.calls)
    beside, _ = per_cpu_s(way, scale.calls, held=HELD)
    paced = load(way, n=scale.paced_calls, rate=RATE_PER_S)
    return Score(alone, beside, per_s, paced["p50_ms"])


def compared(rounds: Sequence[Mapping[str, Score]]) -> Iterator[Line]:
    """Return the figures of each way, and their ratios."""
    for name in rounds[0]:
        yield Line(f"{name}: calls per second", _median(rounds, name, "calls_per_s"), digits=0)
        yield Line(f"{name}: median at {RATE_PER_S} calls/s", _median(rounds, name, "paced_p50_ms"), "ms")
    for name, least in (("bare", 5000.0), ("rows", 3000.0)):
        bound = Bound(at_least=least)
        alone, beside = _median(rounds, name, "calls_per_cpu_s"), _median(rounds, name, "calls_per_cpu_s_beside")
        yield Line(f"{name}: calls per CPU second", alone, digits=0, bound=bound)
        yield Line(f"{name}: the same beside {HELD:,} open streams", beside, digits=0, bound=bound)
        added = median([one[name].paced_p50_ms - one["direct"].paced_p50_ms for one in rounds])
        yield Line(f"{name}: added to the median at {RATE_PER_S} calls/s", added, "ms", bound=Bound(below=1.0))
    ratio = median([one["rows"].calls_per_cpu_s / one["bare"].calls_per_cpu_s for one in rounds])
    yield Line("rows / bare, calls per CPU second", ratio)
    beside = median([one["bare"].calls_per_cpu_s_beside / one["bare"].calls_per_cpu_s for one in rounds])
    yield Line(f"bare beside {HELD:,} streams / bare alone", beside)


def _median(rounds: Sequence[Mapping[str, Score]], name: str, figure: str) -> Estimate:
    return median([getattr(one[name], figure) for one in rounds])


def whole(way: Way, server: str, scale: Scale, *, faults: bool) -> Iterator[Line]:
    """Return what became of many calls and of one stream beside them: none lost, doubled, crossed or reordered."""
    assert way.control is not None
    for name, fault in FAULTS.items() if faults else ():
        way.control.set_fault(name, fault)
    before = rows_of(way)
    told = load(way, n=scale.whole_calls, c=IN_FLIGHT, echoes=0 if faults else 10_000, stats=server)
    for name in FAULTS if faults else ():
        way.control.clear_fault(name)
    which = "with faults" if faults else "without faults"
    reached = told["server"]["total"] - (0 if faults else 10_000)
    none = Bound(below=1.0)
    yield Line(f"{which}: calls made", exact(told["calls"]), digits=0)
    yield Line(f"{which}: calls answered well", exact(told["ok"]), digits=0)
    yield Line(f"{which}: answered well and not seen by the server", exact(max(told["ok"] - reached, 0)), "", 0, none)
    yield Line(f"{which}: doubled at the server", exact(told["server"]["doubled"]), "", 0, none)
    yield Line(f"{which}: answers of another call", exact(told["crossed"]), "", 0, none)
    yield Line(f"{which}: messages out of their order", exact(told["reordered"]), "", 0, none)
    lost = told["calls"] - told["ok"] if not faults else 0
    yield Line(f"{which}: calls that failed and should not", exact(lost), "", 0, none)
    missing = max(told["calls"] - (rows_of(way) - before), 0)
    yield Line(f"{which}: calls without a row", exact(missing), "", 0, none)


def rows_of(way: Way) -> int:
    """Return how many rows a gateway has promised, once it has written those that it holds."""
    assert way.control is not None
    time.sleep(5 * FLUSH_EVERY_S)
    return int(way.control.state()["rows"]["written"])


def main() -> int:
    """Print the table; return 0 where every bound holds."""
    short = quick(__doc__)
    if not PEER.exists():
        print(f"There is no {PEER}: make gateway-peers builds it where Go is.")
        return 0
    scale = Scale(3, 3000, 300, 5000) if short else Scale(12, 10_000, 900, 100_000)
    with ways() as (server, found):
        lines = list(compared(play(found, scale)))
        for faults in (False, True):
            lines += whole(found["rows"], server, scale, faults=faults)
    return show(lines)


if __name__ == "__main__":
    sys.exit(main())
