from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.connection import PeerStream
from harness.lab.proxy.dice import Dice
from harness.lab.proxy.dose import Dose
from harness.lab.proxy.toxics.noop import Noop

CONNECTIONS = range(1, 2001)


def _dose(toxicity: float, serial: int = 1, edits: int = 0) -> Dose:
    return Dose("a", "downstream", toxicity, Noop(), serial, edits)


def _touched(dose: Dose, seed: int = 7) -> set[int]:
    return {connection for connection in CONNECTIONS if dose.touches(Dice(seed), connection)}


def test_toxicity_zero_touches_none_and_one_touches_all() -> None:
    assert not _touched(_dose(0.0))
    assert _touched(_dose(1.0)) == set(CONNECTIONS)


@given(st.integers(0, 2**64))
def test_the_share_of_connections_is_the_toxicity(seed: int) -> None:
    assert abs(len(_touched(_dose(0.3), seed)) / len(CONNECTIONS) - 0.3) < 0.06


def test_the_same_seed_touches_the_same_connections() -> None:
    assert _touched(_dose(0.5), 1) == _touched(_dose(0.5), 1)
    assert _touched(_dose(0.5), 1) != _touched(_dose(0.5), 2)


def test_another_toxic_draws_for_itself() -> None:
    assert _touched(_dose(0.5, serial=1)) != _touched(_dose(0.5, serial=2))


def test_a_higher_toxicity_keeps_what_it_touches_and_adds() -> None:
    assert _touched(_dose(0.3)) < _touched(_dose(0.6))


def test_an_edit_draws_anew_only_where_it_is_asked_to() -> None:
    dose = _dose(0.5)
    assert _touched(dose.changed(Noop(), 0.5, redraw=False)) == _touched(dose)
    assert _touched(dose.changed(Noop(), 0.5, redraw=True)) != _touched(dose)


def test_the_direction_is_read_without_regard_to_case_and_shown_as_typed() -> None:
    dose = Dose("a", "UPSTREAM", 1.0, Noop())
    assert dose.direction is PeerStream.UPSTREAM
    assert dose.to_json()["stream"] == "UPSTREAM"


def test_a_whole_toxicity_is_shown_as_a_whole_number() -> None:
    assert str(_dose(1.0).to_json()["toxicity"]) == "1"
    assert _dose(0.25).to_json()["toxicity"] == 0.25
