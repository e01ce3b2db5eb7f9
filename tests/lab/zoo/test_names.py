import pytest

from harness.defects import DEFECTS
from harness.errors import UsageError
from harness.lab import TargetSettings, zoo


@pytest.mark.parametrize("name", zoo.names())
def test_every_animal_says_what_it_does_and_who_finds_it(name: str) -> None:
    animal = zoo.find(name)
    assert animal.text.endswith(".")
    assert bool(animal.finds) != bool(animal.unseen)
    assert animal.finds <= set(DEFECTS)
    subjects = {DEFECTS[row].subject for row in animal.finds}
    assert subjects <= ({"server", "client"} if animal.kind == "clients" else {"server"})


def test_there_are_forty_animals_at_least_of_both_kinds() -> None:
    assert len(zoo.names()) >= 40
    assert len(zoo.names("servers")) >= 28
    assert len(zoo.names("clients")) >= 12


def test_an_unknown_animal_gets_its_near_misses() -> None:
    with pytest.raises(UsageError, match="did you mean unary-only-interceptor"):
        zoo.find("unary-interceptor")
    with pytest.raises(UsageError, match="lists them"):
        zoo.find("zzzz")


def test_a_target_with_an_unknown_animal_is_refused_before_it_starts() -> None:
    with pytest.raises(UsageError, match="did you mean skips-exp"):
        TargetSettings(zoo=("skip-exp",))


def test_a_client_is_no_server() -> None:
    assert zoo.mistakes(["thundering-herd"], "servers")
    assert not zoo.mistakes(["thundering-herd"], "clients")
