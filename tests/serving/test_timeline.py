from typing import Any

import pytest

from harness.errors import UsageError
from harness.faults import Blackhole, ExpireAll, IssuerErrors
from harness.faults.per_call.token_defect import TokenDefect
from harness.faults.timeline import at, number
from harness.serving.timeline import timeline_of

LAB = {"algorithm": "RS256", "leeway_s": 2.0, "zoo": []}


def scenario(*planned: Any, lab: dict[str, Any] | None = LAB) -> dict[str, Any]:
    steps = [step.to_json() for step in number(planned)]
    return {"steps": steps, "lab": lab, "tokens": {"lifetime_s": 48}}


def test_steps_come_as_the_scenario_has_them() -> None:
    planned = at(8, IssuerErrors(503), until_s=14), at(20, Blackhole(link="issuer"), until_s=26), at(30, ExpireAll())
    found = timeline_of("brownout", scenario(*planned))
    assert found.steps == number(planned)
    assert (found.ends_s, set(found.links()), found.lifetime_s) == (30.0, {"issuer"}, 48.0)
    assert (found.lab.algorithm, found.lab.leeway_s) == ("RS256", 2.0)


def test_steps_in_users_of_our_own_are_left_out_by_name() -> None:
    found = timeline_of("mixed", scenario(at(1, ExpireAll()), at(2, TokenDefect("alg-none"), until_s=4)))
    assert ([step.id for step in found.steps], found.left_out) == (["1-expire_all"], ("2-token_defect",))


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ((), "nothing goes wrong in it"),
        ((at(2, TokenDefect("alg-none"), until_s=4),), "act in users of jwtstorm's own"),
    ],
)
def test_a_timeline_that_would_do_nothing_is_refused(planned: tuple[Any, ...], said: str) -> None:
    with pytest.raises(UsageError, match=f"--timeline calm: .*{said}.*; name a scenario"):
        timeline_of("calm", scenario(*planned))


def test_a_scenario_with_a_service_of_its_own_gets_the_usual_lab() -> None:
    assert timeline_of("own", scenario(at(1, ExpireAll()), lab=None)).lab.algorithm == "ES256"
