import asyncio
from dataclasses import replace
from typing import Any

import pytest

from harness.clock import ManualClock
from harness.lab.target.claim_checks import CLAIM_CHECKS
from harness.lab.target.verdict import VerifierSettings
from harness.lab.target.warden import Cut, Warden
from harness.results.row import Cause
from tests.lab.target.craft import NOW_S, SETTINGS, claims


class World:
    """A verifier's settings and clock, and a warden that looks at them without a pause."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.clock = ManualClock(now_s)
        self.settings: VerifierSettings = SETTINGS
        self.ended: list[Cause] = []
        self.warden = Warden(CLAIM_CHECKS, lambda: self.settings, self.clock, self.end, recheck_s=0.001)

    async def end(self, _context: Any, cause: Cause) -> None:
        self.ended.append(cause)

    def guard(self, stream: Any, **changes: Any) -> Any:
        return asyncio.run(self.warden.guard(stream, claims(**changes)))


async def never_ends() -> None:
    await asyncio.Event().wait()


def test_a_stream_whose_token_lives_ends_by_itself() -> None:
    async def stream() -> str:
        await asyncio.sleep(0)
        return "summary"

    assert World().guard(stream()) == "summary"


@pytest.mark.parametrize("leeway_s", [0, 30])
def test_a_stream_is_cut_when_its_token_expires_and_the_leeway_is_over(leeway_s: float) -> None:
    world = World()
    world.settings = replace(SETTINGS, leeway_s=leeway_s)

    async def stream() -> None:
        world.clock.advance(59 + leeway_s)
        for _ in range(20):
            await asyncio.sleep(0.001)
        world.ended.append(Cause.OK)  # it lived until now
        world.clock.advance(1)
        await never_ends()

    with pytest.raises(Cut) as cut:
        world.guard(stream())
    assert (world.ended, cut.value.cause) == ([Cause.OK], Cause.EXPIRED)


def test_a_stream_is_cut_when_its_token_is_revoked() -> None:
    world = World()

    async def stream() -> None:
        world.settings = replace(SETTINGS, revoked_through=3)
        await never_ends()

    with pytest.raises(Cut) as cut:
        world.guard(stream())
    assert cut.value.cause is Cause.REVOKED


def test_a_time_out_of_the_stream_s_own_is_no_cut() -> None:
    async def stream() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        World().guard(stream())


def test_a_token_without_an_end_is_looked_at_for_revocation_all_the_same() -> None:
    world = World()
    world.settings = replace(SETTINGS, required=())

    async def stream() -> None:
        world.settings = replace(world.settings, revoked_through=3)
        await never_ends()

    with pytest.raises(Cut):
        world.guard(stream(), exp=...)
