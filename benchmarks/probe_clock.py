"""Measure how near the probe comes to a verifier's true offset and leeway, and whether its bounds hold."""

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.options import quick
from harness.endpoint import Endpoint
from harness.lab.processes.child import Child
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.toxiproxy.client import ProxyClient
from harness.probe.parts.clock import measure
from harness.probe.result import ClockEstimate
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.minter import Minter
from harness.proof.bench import LedgerBench
from harness.proof.target import child_stage

SKEWS_S = (0.0, 0.111, -0.111, 2.345, -2.345, -37.25, -900.5)
LEEWAYS_S = (0.0, 5.0, 60.0, 300.0)
LATENCIES_MS = (0, 40)
MOST_S = 10.0
"""What a measurement of a quiet target on loopback may take."""

_PATH = f"/{pb.DESCRIPTOR.services_by_name['Ledger'].full_name}/GetBalance"


@dataclass(frozen=True)
class Trial:
    """What was set, and what was measured."""

    skew_s: float
    leeway_s: float
    latency_ms: int
    found: ClockEstimate

    @property
    def holds(self) -> bool:
        """Return whether the truth lies within the bounds, the rounding is right, and it was quick."""
        offset, leeway = self.found.offset, self.found.leeway
        if offset is None or leeway is None or not self.found.sound:
            return False
        within = offset.low_s <= self.skew_s <= offset.high_s and leeway.low_s <= self.leeway_s <= leeway.high_s
        return within and self.found.whole_s == 0 and self.found.took_s < MOST_S

    def line(self) -> str:
        """Return the row of the table."""
        found = self.found
        start = f"| {self.skew_s:+.3f} | {self.leeway_s:.0f} | {self.latency_ms} "
        if found.offset is None or found.leeway is None:
            return f"{start}| not known: {'; '.join(found.doubts)} | | | | | | | **no** |"
        offset, leeway = found.offset, found.leeway
        return (
            f"{start}| {offset.middle_s:+.4f} | {(offset.middle_s - self.skew_s) * 1e3:+.2f} "
            f"| {offset.half_s * 1e3:.2f} | {leeway.middle_s:.4f} | {found.rtt_s * 1e3:.1f} "
            f"| {found.calls} | {found.took_s:.1f} | {'yes' if self.holds else '**no**'} |"
        )


async def trial(bench: LedgerBench, address: str, skew_s: float, leeway_s: float, latency_ms: int) -> Trial:
    """Move the target's clock, and measure it from outside."""
    await bench.move_clock(skew_s)
    good = bench.good
    minter = Minter.with_key(
        good.signer, {"iss": good.issuer, "aud": good.audience, "sub": "probe", "scope": good.scope}
    )
    subject = Subject(_PATH, "unary", pb.BalanceRequest(account="probe-a").SerializeToString())
    asker = Asker(Endpoint((address,)), address, subject)
    try:
        return Trial(skew_s, leeway_s, latency_ms, await measure(asker, minter))
    finally:
        await asker.close()


async def trials(folder: Path, skews_s: tuple[float, ...], leeways_s: tuple[float, ...]) -> list[Trial]:
    """Measure every combination, one after another: each target is a process of its own, and the proxy another."""
    found = []
    for leeway_s in leeways_s:
        async with child_stage("ES256", folder / "target.log", leeway_s=leeway_s) as bench:
            for latency_ms in LATENCIES_MS:
                with proxied(folder, bench.address, latency_ms) as address:
                    found += [await trial(bench, address, skew_s, leeway_s, latency_ms) for skew_s in skews_s]
    return found


@contextmanager
def proxied(folder: Path, upstream: str, latency_ms: int) -> Iterator[str]:
    """Put the embedded proxy before a target, with latency on its answers; without latency, nothing."""
    if not latency_ms:
        yield upstream
        return
    with Child.start("proxy", "harness.lab.proxy", {"port": 0}, folder / "proxy.log") as child:
        client = ProxyClient(child.ready["url"])
        address = client.create("probe-clock", upstream)
        client.add_toxic("probe-clock", "late", "latency", "downstream", 1.0, {"latency": latency_ms})
        yield address


def page(found: list[Trial]) -> str:
    """Return the table."""
    head = (
        "| true, s | leeway, s | proxy, ms | estimated, s | error, ms | bound, ms | leeway found, s "
        "| round trip, ms | calls | took, s | holds |"
    )
    lines = [head, "|---" * 11 + "|", *(one.line() for one in found)]
    errors = sorted(abs(one.found.offset.middle_s - one.skew_s) * 1e3 for one in found if one.found.offset)
    held = sum(one.holds for one in found)
    lines.append(f"\n{held} of {len(found)} hold.")
    if errors:
        lines.append(f"Errors: median {errors[len(errors) // 2]:.2f} ms, largest {errors[-1]:.2f} ms.")
    return "\n".join(lines)


def main() -> int:
    short = quick(__doc__)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(
            trials(Path(folder), SKEWS_S[:4:3] if short else SKEWS_S, LEEWAYS_S[:1] if short else LEEWAYS_S)
        )
    print(page(found))
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
