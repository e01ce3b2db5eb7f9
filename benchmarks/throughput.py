"""Measure authenticated calls per generator CPU second, beside Locust's own pattern and a bare loop.

Fifty callers each, closed load, one connection, a server that costs little, generator and server
pinned to a core of their own (Linux), all on grpcio: `benchmarks.peers` asks the same of native. The
bare loop records nothing and sets no deadline; the stock pattern is Locust's documented one with a
static token; ours is a whole headless run: tokens from a source, deadline, rows, trace, live page. The
generators take turns in rounds (`benchmarks.rig.turns`); each ratio is the median over rounds, with the
sign test's interval.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.rig.estimate import Estimate, median, turns
from benchmarks.rig.ground import plain_ground
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from benchmarks.rig.turns import SERVER_CPU, Player, Score
from harness.transport.choice import GRPCIO, VARIABLE

LOCUST = ("locust", "--headless", "--only-summary", "-u", "50", "-r", "50", "-f")
GENERATORS = {
    "bare": ("benchmarks.loads.calls_bare",),
    "bare, 66 threads": ("benchmarks.loads.calls_bare", "--pool", "66"),
    "stock": (*LOCUST, "benchmarks/loads/calls_stock.py"),
    "stock, 66 threads": (*LOCUST, "benchmarks/loads/calls_stock.py", "--pool", "66"),
    "ours": (*LOCUST, "benchmarks/loads/calls_ours.py"),
}
"""Ours has 66 native threads, so that fifty slow calls hide nothing (see isolation); gevent's default is ten."""

Round = Mapping[str, Score]


@contextmanager
def players() -> Iterator[dict[str, Player]]:
    """Start every generator on one ground."""
    with plain_ground(cpu=SERVER_CPU) as (ground, _), tempfile.TemporaryDirectory() as reports, ExitStack() as ends:
        environ = {
            **ground.environ(),
            "REPORTS": reports,
            "BUILD": "bench",
            "PYTHONPATH": str(Path.cwd()),
            VARIABLE: GRPCIO,
        }
        found = {name: ends.enter_context(Player(command, environ)) for name, command in GENERATORS.items()}
        for player in found.values():
            player.await_ready()
        yield found


def play(rounds: int, for_s: float) -> list[Round]:
    """Let the generators take turns; the first round warms up and does not count."""
    with players() as found:
        played: list[Round] = [
            {name: found[name].take(for_s) for name in order} for order in turns(list(found), rounds + 1)
        ]
    return list(played[1:])


def figure(rounds: list[Round], of: Callable[[Round], float]) -> Estimate:
    """Estimate the median over rounds."""
    return median([of(one) for one in rounds])


def lines(rounds: list[Round]) -> list[Line]:
    """Return the table."""
    found = []
    for name in GENERATORS:
        found.append(Line(f"{name}: calls per CPU second", figure(rounds, lambda r, n=name: r[n].per_cpu_s), digits=0))  # type: ignore[misc]
        found.append(Line(f"{name}: calls per second", figure(rounds, lambda r, n=name: r[n].per_s), digits=0))  # type: ignore[misc]
    limits = {"stock": Bound(0.95), "bare": Bound(0.75)}
    for name in list(GENERATORS)[:-1]:
        ratio = figure(rounds, lambda r, n=name: r["ours"].per_cpu_s / r[n].per_cpu_s)  # type: ignore[misc]
        found.append(Line(f"ours / {name}, calls per CPU second", ratio, digits=3, bound=limits.get(name)))
    for name, bound in (("bare", Bound(below=60.0)), ("bare, 66 threads", None)):
        added = figure(rounds, lambda r, n=name: r["ours"].cpu_us - r[n].cpu_us)  # type: ignore[misc]
        found.append(Line(f"CPU that ours adds to a call over {name}", added, "µs", 1, bound))
    return found


def main() -> int:
    rounds, for_s = (4, 0.5) if quick(__doc__) else (24, 1.0)
    return show(lines(play(rounds, for_s)))


if __name__ == "__main__":
    sys.exit(main())
