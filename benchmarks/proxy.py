"""Measure the embedded proxy beside Toxiproxy, and how exact 100 ms of latency are.

Rounds of direct, embedded and, where one is installed, the real server, in an order drawn anew each
round; a ratio is the median over rounds with the sign test's interval. All of it shares the
machine's cores, so ratios say something and absolute figures little.
"""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from benchmarks.rig.estimate import Estimate, median, turns
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from benchmarks.rig.wire import bulk_mb_per_s, connect, round_trip_us
from harness.lab.processes.child import Child
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc
from harness.lab.toxiproxy.choice import BINARY
from harness.lab.toxiproxy.client import ProxyClient

CALLERS = 32
CONNECTIONS = 1000
STALLED = 8


@dataclass(frozen=True)
class Way:
    """One way to the upstreams: the addresses of the plain one and of the gRPC one."""

    plain: str
    rpc: str


@dataclass(frozen=True)
class Score:
    """What one way did in one round."""

    bulk_mb_per_s: float
    round_trip_us: float
    calls_per_s: float


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    rounds: int
    bulk_bytes: int
    trips: int
    calls_s: float


Round = Mapping[str, Score]


@contextmanager
def ways() -> Iterator[tuple[dict[str, Way], dict[str, Child]]]:
    """Start the upstreams and the proxies in front of them."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        log = Path(folder) / "log"
        plain = ends.enter_context(Child.start("upstream", "benchmarks.rig.wire", {}, log)).ready["address"]
        rpc = ends.enter_context(Child.start("server", "benchmarks.rig.server", {}, log)).ready["address"]
        proxies = {"embedded": ends.enter_context(Child.start("embedded", "harness.lab.proxy", {}, log))}
        if path := real():
            settings = {"path": path}
            proxies["real"] = ends.enter_context(Child.start("real", "harness.lab.toxiproxy.binary", settings, log))
        found = {"direct": Way(plain, rpc)}
        for name, child in proxies.items():
            client = ProxyClient(child.ready["url"])
            found[name] = Way(client.create("plain", plain), client.create("rpc", rpc))
        yield found, proxies


def real() -> str | None:
    """Return where a real Toxiproxy is installed."""
    return shutil.which(BINARY) or shutil.which(BINARY, path=f"{Path(sys.executable).parent}:build/toxiproxy")


async def calls_per_s(address: str, for_s: float) -> float:
    """Return how many unary calls per second one channel makes with `CALLERS` callers."""
    done = 0
    async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
        await stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
        until_s = time.perf_counter() + for_s

        async def call() -> None:
            nonlocal done
            while time.perf_counter() < until_s:
                await stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
                done += 1

        await asyncio.gather(*(call() for _ in range(CALLERS)))
    return done / for_s


def play(found: Mapping[str, Way], scale: Scale) -> list[Round]:
    """Measure every way in every round; the first round warms up and does not count."""
    played: list[Round] = [
        {
            name: Score(
                bulk_mb_per_s(found[name].plain, scale.bulk_bytes),
                round_trip_us(found[name].plain, scale.trips),
                asyncio.run(calls_per_s(found[name].rpc, scale.calls_s)),
            )
            for name in order
        }
        for order in turns(list(found), scale.rounds + 1)
    ]
    return played[1:]


def compared(rounds: list[Round]) -> list[Line]:
    """Return the figures of each way, and the ratios to the real server."""
    lines = []
    for name in rounds[0]:
        scores = [one[name] for one in rounds]
        lines.append(Line(f"{name}: bulk", median([score.bulk_mb_per_s for score in scores]), "MB/s", 0))
        lines.append(Line(f"{name}: round trip", median([score.round_trip_us for score in scores]), "µs", 0))
        lines.append(Line(f"{name}: gRPC calls per second", median([score.calls_per_s for score in scores]), "", 0))
    return [*lines, *_ratios(rounds)] if "real" in rounds[0] else lines


def _ratios(rounds: list[Round]) -> Iterator[Line]:
    bulk = median([one["embedded"].bulk_mb_per_s / one["real"].bulk_mb_per_s for one in rounds])
    trip = median([_added_us(one, "embedded") / _added_us(one, "real") for one in rounds])
    calls = median([one["embedded"].calls_per_s / one["real"].calls_per_s for one in rounds])
    yield Line("embedded / real, bulk", bulk, bound=Bound(at_least=1.0))
    yield Line("embedded / real, added round trip", trip, bound=Bound(below=1.5))
    yield Line("embedded / real, gRPC calls per second", calls, bound=Bound(at_least=1 / 1.5))


def _added_us(one: Round, name: str) -> float:
    return max(one[name].round_trip_us - one["direct"].round_trip_us, 1.0)


def with_latency(client: ProxyClient, way: Way, scale: Scale) -> Iterator[Line]:
    """Measure a latency toxic of 100 ms: how exact it is, and what it carries."""
    client.add_toxic("plain", "late", "latency", "downstream", 1.0, {"latency": 100})
    trips = median([round_trip_us(way.plain, 5) / 1e3 for _ in range(scale.rounds)])
    bulk = median([bulk_mb_per_s(way.plain, scale.bulk_bytes) for _ in range(scale.rounds)])
    client.remove_toxic("plain", "late")
    yield Line("latency of 100 ms: round trip", trips, "ms", 1, Bound(at_least=98.0))
    yield Line("latency of 100 ms: round trip", trips, "ms", 1, Bound(below=102.0))
    yield Line("latency of 100 ms: bulk", bulk, "MB/s", 0, Bound(at_least=100.0))


def with_many(client: ProxyClient, way: Way) -> Iterator[Line]:
    """Measure with a thousand open connections, and with readers that stall."""
    with ExitStack() as ends:
        clients = [ends.enter_context(connect(way.plain, b"Ex")) for _ in range(CONNECTIONS)]
        answered = sum(one.recv(1) == b"x" for one in clients)
        start_s = time.perf_counter()
        client.add_toxic("plain", "late", "latency", "downstream", 1.0, {"latency": 1})
        client.remove_toxic("plain", "late")
        took_s = time.perf_counter() - start_s
    yield Line("open connections that answer", _exactly(answered), "", 0, Bound(at_least=float(CONNECTIONS)))
    yield Line("add and remove a toxic on all of them", _exactly(took_s * 1e3), "ms", 1)


def stalled(client: ProxyClient, way: Way, pid: int) -> Line:
    """Measure what a reader that stalls costs, behind a latency toxic."""
    client.add_toxic("plain", "late", "latency", "downstream", 1.0, {"latency": 3_600_000})
    before_bytes, latest_bytes = _memory_bytes(pid), 0
    with ExitStack() as ends:
        for _ in range(STALLED):
            ends.enter_context(connect(way.plain, b"S%d" % 10**10))
        while (now_bytes := _memory_bytes(pid)) > latest_bytes:
            latest_bytes = now_bytes
            time.sleep(0.5)
    client.remove_toxic("plain", "late")
    each = (latest_bytes - before_bytes) / STALLED / 2**20
    return Line("memory for each stalled reader", _exactly(each), "MiB", 0, Bound(below=48.0))


def _memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value, 1)


def main() -> int:
    """Print the table; return 0 where every bound holds."""
    short = quick(__doc__)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    scale = Scale(3, 50_000_000, 300, 0.3) if short else Scale(16, 400_000_000, 2000, 1.0)
    with ways() as (found, proxies):
        client, way = ProxyClient(proxies["embedded"].ready["url"]), found["embedded"]
        lines = compared(play(found, scale))
        lines += [*with_latency(client, way, scale), *with_many(client, way)]
        lines.append(stalled(client, way, proxies["embedded"].pid))
    note = "" if "real" in found else f"No {BINARY} was found: make toxiproxy installs it where Go is."
    return show(lines, *filter(None, [note]))


if __name__ == "__main__":
    sys.exit(main())
