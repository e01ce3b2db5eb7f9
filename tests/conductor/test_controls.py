from dataclasses import dataclass
from typing import Any

import pytest

from harness import clock
from harness.conductor.controls import Controls
from harness.errors import LabError
from harness.lab.toxiproxy.client import ProxyState, ToxicState
from harness.results.fault_events import Command


@dataclass
class Issuer:
    """A part that answers what it is told to."""

    answer: Any

    def set_down(self, down: bool) -> Any:
        assert down is True
        return self.answer

    def state(self) -> dict[str, Any]:
        return {"down": True}


class Proxy:
    def read(self, name: str) -> ProxyState:
        return ProxyState(name, "127.0.0.1:1", "127.0.0.1:2", True, [ToxicState("t", "latency", "upstream", 1.0, {})])


DOWN = Command("issuer", "set_down", {"down": True})


def test_the_part_tells_when_an_order_took_effect() -> None:
    assert Controls(issuer=Issuer({"at_ns": 7, "more": 1})).do(DOWN) == {"at_ns": 7, "more": 1}


@pytest.mark.parametrize("answer", [None, {}, "127.0.0.1:1"])
def test_a_part_that_does_not_tell_took_effect_when_it_answered(answer: Any) -> None:
    before_ns = clock.monotonic_ns()
    assert before_ns <= Controls(issuer=Issuer(answer)).do(DOWN)["at_ns"] <= clock.monotonic_ns()


def test_states_are_plain_data() -> None:
    parts = Controls(issuer=Issuer(None), proxy=Proxy())
    assert parts.state("issuer") == {"down": True}
    state = parts.state("proxy:p-target")
    assert (state["name"], state["enabled"], state["toxics"][0]["name"]) == ("p-target", True, "t")


@pytest.mark.parametrize("part", ["issuer", "target", "proxy", "moon"])
def test_a_part_that_the_run_does_not_have_is_a_lab_error(part: str) -> None:
    with pytest.raises(LabError, match=f"no {part} of its own"):
        Controls().do(Command(part, "state"))
    with pytest.raises(LabError, match=f"no {part} of its own"):
        Controls().state("proxy:p" if part == "proxy" else part)
