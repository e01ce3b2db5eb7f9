import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.probe.parts.limits import Zone, find_zone, finding_of
from harness.probe.result import Outcome


def zone(soft: int, hard: int, seed: int = 1) -> Zone:
    dice = random.Random(seed)

    async def send(size: int) -> str:
        if size <= soft:
            return "OK"
        lucky = size < hard and dice.random() > (size - soft) / (hard - soft)
        return "OK" if lucky else "RESOURCE_EXHAUSTED"

    return asyncio.run(find_zone(send))


@settings(max_examples=50, deadline=None)
@given(limit=st.integers(1_000, 63_000))
def test_a_single_limit_is_found_and_is_not_luck(limit: int) -> None:
    found = zone(limit, limit)
    assert found.good <= limit
    assert found.bad is not None
    assert limit < found.bad <= found.good + 256
    assert not found.mixed
    assert finding_of(found).outcome is (Outcome.PROBLEM if found.good < 4_000 else Outcome.PASSED)


@pytest.mark.parametrize("seed", range(5))
def test_two_limits_leave_a_zone_of_luck_whose_width_is_told(seed: int) -> None:
    found = zone(8_192, 16_384, seed)
    finding = finding_of(found)
    assert finding.outcome is Outcome.PROBLEM
    assert found.good <= 10_000
    assert 14_000 <= (found.bad or 0) <= 16_700
    assert f"{found.good:,}" in finding.text
    assert "by luck" in finding.text
    assert "grpc.max_metadata_size" in finding.way_out


def test_no_limit_is_not_a_limit_of_the_largest_size() -> None:
    found = zone(10**9, 10**9)
    assert found.bad is None
    assert "no limit was met" in finding_of(found).text


def test_a_target_that_takes_nothing_is_a_problem() -> None:
    finding = finding_of(zone(0, 0))
    assert finding.outcome is Outcome.PROBLEM
    assert "up to 0 B pass" in finding.text
