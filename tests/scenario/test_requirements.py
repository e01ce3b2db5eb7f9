"""What a target of your own can and cannot give to a step."""

import pytest

from harness.endpoint import Endpoint
from harness.lab.processes.launch import Launch
from harness.scenario.requirements import Target, misfits, refusal

ADDRESS = "127.0.0.1:50051"
LAUNCH = Launch(["./server", "{port}", "{jwks_url}"])
FAKED = Launch(["./server", "{port}", "{jwks_url}"], faketime=True)
DEAF = Launch(["./server", "{port}"])


@pytest.mark.parametrize("need", ["target", "issuer", "process", "clock", "link:issuer", "link:jwks", "link:target"])
def test_the_lab_gives_everything(need: str) -> None:
    assert refusal(need, None, own_issuer=False) is None


@pytest.mark.parametrize("need", ["process", "clock", "issuer", "link:issuer", "link:jwks"])
def test_a_launched_target_gives_its_process_its_clock_and_its_key_link(need: str) -> None:
    assert refusal(need, FAKED, own_issuer=False) is None


@pytest.mark.parametrize(
    ("need", "target", "own_issuer", "way_out"),
    [
        ("process", ADDRESS, True, "target=Launch(["),
        ("process", Endpoint((ADDRESS,)), True, "target=Launch(["),
        ("clock", ADDRESS, True, "faketime=True), or move the lab issuer's clock"),
        ("clock", LAUNCH, False, "give Launch(…, faketime=True)"),
        ("target", LAUNCH, False, "drop target="),
        ("issuer", LAUNCH, True, "drop issuer="),
        ("link:issuer", LAUNCH, True, "drop issuer="),
        ("link:jwks", DEAF, False, "drop target="),
        ("link:jwks", ADDRESS, True, "drop target="),
    ],
)
def test_what_is_missing_is_refused_with_the_way_out(need: str, target: Target, own_issuer: bool, way_out: str) -> None:
    assert way_out in (refusal(need, target, own_issuer=own_issuer) or "")


@pytest.mark.parametrize(
    ("target", "own_issuer", "way_out"),
    [
        (ADDRESS, False, "give issuer="),
        (None, True, "give target= too"),
        (DEAF, False, "put {issuer_url} or {jwks_url} into its command"),
        (LAUNCH, True, "drop them, or issuer="),
    ],
)
def test_a_target_and_an_issuer_must_go_together(target: Target, own_issuer: bool, way_out: str) -> None:
    (sentence,) = misfits(target, own_issuer=own_issuer)
    assert way_out in sentence


@pytest.mark.parametrize(("target", "own_issuer"), [(None, False), (ADDRESS, True), (LAUNCH, False), (DEAF, True)])
def test_those_that_do_are_let_through(target: Target, own_issuer: bool) -> None:
    assert misfits(target, own_issuer=own_issuer) == []
