"""The probe of the lab's own targets: nothing is found in the right one, and everything in the zoo."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from harness.auth.defects import ALGORITHMS
from harness.lab import zoo
from harness.lab.zoo.probed import Sighting, page, probe_target, probe_zoo

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

IN_HAND = {
    "drops-its-keys",
    "fails-open-without-keys",
    "fetches-for-every-unknown-key",
    "ignores-revocation",
    "never-forgets-a-key",
    "one-key-per-id",
    "reads-its-keys-once",
    "verifies-with-every-key",
    "waits-half-a-minute-for-keys",
}
"""Servers that only the issuer's owner can tell from a right one."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def _wrong(sighting: Sighting) -> bool:
    """Return whether a sighting is not what it should be."""
    animal = sighting.animal
    if animal is None or animal.unseen:
        return bool(sighting.seen or sighting.seen_in_hand)
    return not (sighting.seen_in_hand if animal.name in IN_HAND else sighting.seen)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_nothing_is_found_in_the_right_target(algorithm: str) -> None:
    sighting = asyncio.run(probe_target(algorithm))
    if _wrong(sighting):  # on a busy machine a deadline may pass: what is wrong is wrong twice
        sighting = asyncio.run(probe_target(algorithm))
    assert not _wrong(sighting), page([sighting], [])
    assert sighting.counts["passed"] > 300


@pytest.mark.parametrize("shard", range(4))
def test_every_server_of_the_zoo_is_found(shard: int) -> None:
    sightings = asyncio.run(probe_zoo(zoo.names("servers")[shard::4]))
    wrong = [one for one in sightings if _wrong(one)]
    if wrong:
        wrong = [
            one for one in asyncio.run(probe_zoo([str(one.animal and one.animal.name) for one in wrong])) if _wrong(one)
        ]
    assert not wrong, page([], wrong)
