"""The rows that try a client: ours passes, and each fails for the client that it is about."""

import asyncio
from dataclasses import replace

import pytest

from harness.defects import DEFECTS, rows
from harness.defects.rehearsal import Rehearsal, Script
from harness.tokens.client_parts import ClientParts
from harness.tokens.refresh import Tokens

CLIENT_ROWS = [row.id for row in rows() if row.subject == "client"]


def problems(row: str, parts: ClientParts) -> list[str]:
    async def watch() -> list[str]:
        procedure = DEFECTS[row].procedure
        assert procedure
        return [one.problem async for one in procedure(parts) if one.problem]

    return asyncio.run(watch())


@pytest.mark.parametrize("row", CLIENT_ROWS)
def test_our_own_client_has_no_problem(row: str) -> None:
    assert problems(row, ClientParts()) == []


@pytest.mark.parametrize("refresh", ["proactive", "background"])
def test_both_ways_of_early_renewal_keep_every_call_good(refresh: str) -> None:
    parts = ClientParts(Tokens(lifetime_s=60, before_s=10, refresh=refresh))
    tally = Rehearsal(parts, Script()).run()
    assert (tally.failed, tally.fetches, tally.most_at_once) == (0, 4, 1)


def test_a_client_that_never_sends_twice_loses_calls() -> None:
    assert any("calls failed" in one for one in problems("TIME-21", replace(ClientParts(), attempts=1)))


def test_without_single_flight_a_renewal_is_a_herd() -> None:
    parts = ClientParts(Tokens(lifetime_s=60, before_s=10, single_flight=False))
    assert Rehearsal(parts, Script()).run().most_at_once > 1


def test_the_same_seed_gives_the_same_run() -> None:
    script = Script(down_from_s=45, down_until_s=100)
    assert Rehearsal(ClientParts(), script).run() == Rehearsal(ClientParts(), script).run()
