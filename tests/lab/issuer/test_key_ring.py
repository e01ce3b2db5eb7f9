import pytest

from harness.lab.issuer.key_ring import KeyRing
from harness.lab.issuer.keys import IssuerKey


def a_key(serial: int) -> IssuerKey:
    return IssuerKey(f"k{serial}", "EdDSA", None)


def kids(ring: KeyRing) -> tuple[str, list[str]]:
    shown = ring.to_json()
    return shown["signs"], shown["published"]


def test_a_good_rotation_never_signs_with_a_key_that_nobody_knows() -> None:
    ring = KeyRing(a_key(1))
    ring.publish(a_key(2))
    assert kids(ring) == ("k1", ["k1", "k2"])
    ring.rotate(a_key(3), overlap=True, publish=True)
    assert kids(ring) == ("k2", ["k2", "k1"])
    ring.retire()
    assert kids(ring) == ("k2", ["k2"])


def test_a_rotation_without_overlap_publishes_the_new_key_only() -> None:
    ring = KeyRing(a_key(1))
    ring.rotate(a_key(2), overlap=False, publish=True)
    assert kids(ring) == ("k2", ["k2"])


def test_a_hidden_key_signs_until_it_is_published() -> None:
    ring = KeyRing(a_key(1))
    ring.rotate(a_key(2), overlap=True, publish=False)
    assert kids(ring) == ("k2", ["k1"])
    ring.publish(a_key(3))
    assert kids(ring) == ("k2", ["k1", "k2"])


def test_publishing_twice_publishes_one_key() -> None:
    ring = KeyRing(a_key(1))
    ring.publish(a_key(2))
    ring.publish(a_key(3))
    assert kids(ring) == ("k1", ["k1", "k2"])


@pytest.mark.parametrize("overlap", [False, True])
def test_a_key_published_ahead_stays_known_when_it_signs_hidden(overlap: bool) -> None:
    ring = KeyRing(a_key(1))
    ring.publish(a_key(2))
    ring.rotate(a_key(3), overlap=overlap, publish=False)
    assert kids(ring) == ("k2", ["k2", "k1"] if overlap else ["k2"])


def test_retiring_keeps_the_key_that_comes_next() -> None:
    ring = KeyRing(a_key(1))
    ring.publish(a_key(2))
    ring.retire()
    assert kids(ring) == ("k1", ["k1", "k2"])
