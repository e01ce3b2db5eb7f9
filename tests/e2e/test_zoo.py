"""The mutation test of the catalogue: each animal is found by exactly the rows that claim it."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from harness.defects import DEFECTS
from harness.lab import zoo
from harness.proof.bench import SHAPES
from harness.proof.proof import ProofResult, prove_server
from harness.proof.table import Trial, page, try_all
from harness.proof.target import child_stage

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Animals crash, and their key sets fail: that is their work."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("shard", range(2))
def test_exactly_the_right_rows_find_each_server(shard: int) -> None:
    living = _living_twice(zoo.names("servers")[shard::2])
    assert not living, page(living)


def test_exactly_the_right_rows_find_each_client() -> None:
    living = _living_twice(zoo.names("clients"))
    assert not living, page(living)


def test_an_animal_can_be_let_loose_in_a_target_of_its_own(tmp_path: Path) -> None:
    async def prove() -> ProofResult:
        async with child_stage("ES256", tmp_path / "target.log", ["skips-nbf"]) as bench:
            rows = [row for row in DEFECTS.values() if row.family in {"TIME", "OK"}]
            return await prove_server(bench, SHAPES[:1], rows)

    assert asyncio.run(prove()).failed == zoo.find("skips-nbf").finds


def _living_twice(names: Sequence[str]) -> list[Trial]:
    """Return the animals that nothing kills in two trials: a busy machine lets deadlines pass, once."""
    living = _living(asyncio.run(try_all(names)))
    return _living(asyncio.run(try_all([trial.animal.name for trial in living]))) if living else []


def _living(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if (trial.proof.failed if trial.animal.unseen else not trial.killed)]
