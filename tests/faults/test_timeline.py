from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.faults import CallFault, ClockDrift, ClockSkew, ExpireAll, Fault, ForceRefresh, IssuerDown, Latency
from harness.faults.timeline import MAX_CALL_STEPS, Planned, at, edges, mistakes, number

DURATION_S = 60.0
DOWN, EXPIRE, FORCE = IssuerDown(), ExpireAll(), ForceRefresh()
SKEW, OTHER_SKEW = ClockSkew("issuer", 5.0), ClockDrift("issuer", 5.0)
VERIFIER_SKEW = ClockSkew("verifier", 5.0)
LATENCY = Latency("target", 0.4)


@dataclass(frozen=True)
class Nudge(CallFault, registered=False):
    """A per-call fault with width."""

    partial: ClassVar[bool] = True
    wrong: tuple[str, ...] = ()

    def mistakes(self) -> list[str]:
        return list(self.wrong)

    def text(self) -> str:
        return "calls are nudged"


NUDGE = Nudge()

windows = st.lists(
    st.tuples(st.floats(0, 50), st.none() | st.floats(0.001, 30)).map(
        lambda pair: at(pair[0], NUDGE, None if pair[1] is None else pair[0] + pair[1], toxicity=0.5)
    ),
    max_size=6,
)


def test_steps_are_numbered_by_start_and_named_by_start_and_fault() -> None:
    steps = number([at(32, EXPIRE), at(15, EXPIRE), at(2.5, DOWN, until_s=4), at(15, EXPIRE)])
    assert [step.id for step in steps] == ["2.5-issuer_down", "15-expire_all", "15-expire_all-2", "32-expire_all"]
    assert [step.index for step in steps] == [0, 1, 2, 3]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from([EXPIRE, FORCE, DOWN]))))
def test_every_step_has_an_id_of_its_own(planned: list[tuple[float, Fault]]) -> None:
    steps = number([at(at_s, fault) for at_s, fault in planned])
    assert len({step.id for step in steps}) == len(planned)


@given(windows)
def test_edges_come_in_order_and_ends_before_starts(planned: list[Planned]) -> None:
    found = edges(number(planned))
    assert [edge.at_s for edge in found] == sorted(edge.at_s for edge in found)
    assert len(found) == len(planned) + sum(plan.until_s is not None for plan in planned)


def test_at_one_moment_a_step_ends_before_the_next_begins() -> None:
    found = edges(number([at(10, SKEW, until_s=20), at(20, OTHER_SKEW, until_s=30)]))
    assert [(edge.what, edge.step.index) for edge in found] == [("start", 0), ("end", 0), ("start", 1), ("end", 1)]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (at(-1, EXPIRE), "begin within it"),
        (at(60, EXPIRE), "begin within it"),
        (at(float("nan"), EXPIRE), "begin within it"),
        (at(10, EXPIRE, until_s=20), "drop until_s"),
        (at(10, DOWN), "give until_s between 10 and 60"),
        (at(10, DOWN, until_s=10), "give until_s > 10"),
        (at(10, DOWN, until_s=5), "give until_s > 10"),
        (at(10, DOWN, until_s=float("nan")), "give until_s > 10"),
        (at(10, DOWN, until_s=61), "give until_s <= 60"),
        (at(10, LATENCY, until_s=20, toxicity=1.5), "give 0 to 1"),
        (at(10, LATENCY, until_s=20, toxicity=float("nan")), "give 0 to 1"),
        (at(10, DOWN, until_s=20, toxicity=0.5), "drop toxicity=0.5"),
        (at(10, Nudge(("nudge: wrong",)), until_s=20), "nudge: wrong"),
    ],
)
def test_a_wrong_step_is_named_with_its_way_out(plan: Planned, said: str) -> None:
    (sentence,) = mistakes(number([plan]), DURATION_S)
    assert sentence.startswith(plan.fault.name())
    assert said in sentence


@pytest.mark.parametrize(
    "planned",
    [
        [at(0, EXPIRE), at(59.9, EXPIRE)],
        [at(10, LATENCY, until_s=60, toxicity=0.0)],
        [at(10, SKEW, until_s=20), at(20, OTHER_SKEW, until_s=30)],
        [at(10, SKEW, until_s=20), at(15, VERIFIER_SKEW, until_s=30)],
        [at(10, LATENCY, until_s=20), at(15, LATENCY, until_s=30)],
    ],
)
def test_a_sound_timeline_has_no_mistakes(planned: list[Planned]) -> None:
    assert mistakes(number(planned), DURATION_S) == []


def test_two_steps_that_hold_one_thing_may_not_overlap() -> None:
    (sentence,) = mistakes(number([at(10, SKEW, until_s=20), at(19, OTHER_SKEW, until_s=30)]), DURATION_S)
    assert sentence == (
        "19-clock_drift and 10-clock_skew both hold the clock of the issuer; begin the second at 20 s or later"
    )


def test_a_row_has_a_bit_for_no_more_than_32_steps() -> None:
    steps = number([at(1, NUDGE, until_s=2)] * (MAX_CALL_STEPS + 1))
    assert [sentence for sentence in mistakes(steps, DURATION_S) if "split the scenario" in sentence]
    assert mistakes(steps[1:], DURATION_S) == []


def test_a_step_says_itself_as_the_runs_file_holds_it() -> None:
    (step,) = number([at(30, LATENCY, until_s=45, toxicity=0.5)])
    told: dict[str, Any] = step.to_json()
    assert told == {
        "id": "30-latency",
        "fault": "latency",
        "at_s": 30,
        "until_s": 45,
        "toxicity": 0.5,
        "seat": "environment",
        "text": LATENCY.text(),
        "settings": {"link": "target", "delay_s": 0.4, "jitter_s": 0.0, "toward": "downstream"},
    }
