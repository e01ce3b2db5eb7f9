"""The limits part: from which size on calls fail for their token, and whether that is drawn by luck.

A soft and a hard limit with room between reject at random, the more often the larger the token: auth looks
flaky. So each size is sent several times, and what counts is whether its answers agree.
Source: grpc/grpc pull request 32561; grpcio's limits are 8 KiB and 16 KiB by default.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from harness.defects.bench import Metadata
from harness.defects.catalogue.controls import padded
from harness.defects.good import Good
from harness.probe.parts import part
from harness.probe.parts.replica import Replica
from harness.probe.parts.session import ProbeSession
from harness.probe.result import Finding, Outcome, Piece
from harness.probe.target.asker import Asker
from harness.probe.target.beyond import Beyond

LIMITS = "limits"
SIZES = (1_000, 2_000, 4_000, 6_000, 8_000, 12_000, 16_000, 24_000, 32_000, 64_000)
CAREFUL_MOST = 16_000
"""Largest size that is sent to a target on another host."""
_TIMES = 16
_FINE = 256
_SMALL = 4_000


@dataclass
class Zone:
    """Where sizes stop working: up to ``good`` every call passed, from ``bad`` on none, as far as was tried."""

    shares: dict[int, float] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> int:
        """Return the largest size below which every call passed, 0 where none did."""
        failing = [size for size, share in self.shares.items() if share < 1]
        return max((size for size in self.shares if not failing or size < min(failing)), default=0)

    @property
    def bad(self) -> int | None:
        """Return the least size from which on no call passed; None where there is none."""
        passing = [size for size, share in self.shares.items() if share > 0]
        return min((size for size in self.shares if not passing or size > max(passing)), default=None)

    @property
    def mixed(self) -> list[int]:
        """Return the sizes whose calls did not agree."""
        return sorted(size for size, share in self.shares.items() if 0 < share < 1)

    @property
    def next_size(self) -> int | None:
        """Return the size to try next: the middle of what is not known at either end, until that is fine."""
        if self.bad is None:
            return None
        first_mixed, last_mixed = (self.mixed[0], self.mixed[-1]) if self.mixed else (self.bad, self.good)
        for low, high in ((self.good, first_mixed), (last_mixed, self.bad)):
            if high - low > _FINE:
                return (low + high) // 2
        return None


Send = Callable[[int], Awaitable[str]]
"""Sends one call with a token of that size; returns OK where it is accepted, else its status."""


async def find_zone(send: Send, sizes: tuple[int, ...] = SIZES, times: int = _TIMES) -> Zone:
    """Return where sizes stop working."""
    zone = Zone()
    for size in sizes:
        await _try(zone, send, size, times)
        if zone.shares[size] == 0:
            break
    while (size := zone.next_size or 0) and size not in zone.shares:
        await _try(zone, send, size, times)
    return zone


async def limits(asker: Asker, renew: Callable[[], Good], *, loopback: bool = True) -> AsyncIterator[Finding]:
    """Yield what is found of the limit of tokens' size."""
    good = renew()

    async def send(size: int) -> str:
        answer = await asker.call(_padded(asker, good, size))
        return "OK" if asker.accepted(answer) else answer.code

    zone = await find_zone(send, SIZES if loopback else tuple(size for size in SIZES if size <= CAREFUL_MOST))
    yield finding_of(zone)


def finding_of(zone: Zone) -> Finding:
    """Return what a zone means."""
    said = ", ".join(f"{code} {count} times" for code, count in sorted(zone.codes.items()))
    tried = max(zone.shares)
    if zone.mixed:
        end = f"to {zone.bad:,}" if zone.bad else f"to beyond {tried:,}"
        width = (zone.bad or tried) - zone.good
        worst = ", ".join(f"{size:,} B: {zone.shares[size]:.0%} pass" for size in zone.mixed[:5])
        return Finding(
            LIMITS,
            "size of a token",
            Outcome.PROBLEM,
            seen=f"{zone.good:,} {end} B",
            text=f"between {zone.good:,} B and {end[3:]} B calls pass by luck, over {width:,} B ({worst}; {said})",
            way_out="Set the soft and the hard limit to one value (grpc.max_metadata_size, "
            "grpc.absolute_max_metadata_size), above the largest token",
            row="META-20",
        )
    if zone.bad is None:
        text = f"tokens of up to {tried:,} B pass, and no limit was met"
        return Finding(LIMITS, "size of a token", Outcome.PASSED, seen=f"over {tried:,} B", text=text)
    text = f"tokens of up to {zone.good:,} B pass, all from {zone.bad:,} B on are turned away ({said}); none by luck"
    outcome = Outcome.PROBLEM if zone.good < _SMALL else Outcome.PASSED
    way_out = "Tokens with a few groups or scopes are larger; raise the limit" if zone.good < _SMALL else ""
    return Finding(LIMITS, "size of a token", outcome, seen=f"{zone.good:,} B", text=text, way_out=way_out)


async def _try(zone: Zone, send: Send, size: int, times: int) -> None:
    codes = Counter(await asyncio.gather(*(send(size) for _ in range(times))))
    zone.shares[size] = codes["OK"] / times
    zone.codes.update({code: count for code, count in codes.items() if code != "OK"})


def _padded(asker: Asker, good: Good, size: int) -> Metadata:
    """Return metadata of a token of that size, or as large by an entry beside it where the token is not ours."""
    try:
        return asker.carrier.metadata(padded(good, size))
    except Beyond:
        token = good.token()
        return (*asker.carrier.metadata(token), ("x-jwtstorm-pad", "x" * max(1, size - len(token))))


@part(LIMITS, 40)
async def ask(probe: ProbeSession) -> AsyncIterator[Piece]:
    """Find from which size of its token on calls fail, and whether that is drawn by luck."""
    async for finding in probe.of_each(LIMITS, of_replica):
        yield finding


async def of_replica(replica: Replica) -> AsyncIterator[Finding]:
    """Yield from which size on a replica turns tokens away."""
    await replica.bench()
    async for finding in limits(replica.asker, replica.good, loopback=replica.asked.loopback):
        yield finding
