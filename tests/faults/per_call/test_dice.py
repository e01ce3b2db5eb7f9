from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.faults import CallFault, ExpireAll, ForceRefresh, IssuerDown
from harness.faults.per_call.dice import CallFaults, dice
from harness.faults.timeline import MAX_CALL_STEPS, Planned, at, number

DOWN, EXPIRE, FORCE = IssuerDown(), ExpireAll(), ForceRefresh()


@dataclass(frozen=True)
class Nudge(CallFault, registered=False):
    """A per-call fault with width."""

    partial: ClassVar[bool] = True

    def text(self) -> str:
        return "calls are nudged"


NUDGE = Nudge()

windows = st.lists(
    st.tuples(st.floats(0, 50), st.none() | st.floats(0.001, 30)).map(
        lambda pair: at(pair[0], NUDGE, None if pair[1] is None else pair[0] + pair[1], toxicity=0.5)
    ),
    max_size=6,
)


def test_each_step_has_a_bit_of_its_own() -> None:
    steps = number([at(1, NUDGE, until_s=2)] * MAX_CALL_STEPS)
    faults = CallFaults(steps, seed=1)
    assert [faults.bit(step) for step in steps] == [1 << place for place in range(MAX_CALL_STEPS)]


def test_only_steps_with_per_call_faults_have_bits() -> None:
    steps = number([at(1, EXPIRE), at(2, NUDGE, until_s=3), at(4, DOWN, until_s=5), at(6, FORCE)])
    faults = CallFaults(steps, seed=1)
    assert [faults.bit(steps[1]), faults.bit(steps[3])] == [1, 2]
    assert faults.active(4.5) == ()


@given(windows, st.lists(st.floats(-10, 90), max_size=30))
def test_the_active_steps_are_those_whose_window_holds_the_moment_in_any_order(
    planned: list[Planned], moments: list[float]
) -> None:
    steps = number(planned)
    faults = CallFaults(steps, seed=1)
    for at_s in [*moments, *(step.at_s for step in steps), *(step.until_s for step in steps if step.until_s)]:
        held = tuple(s for s in steps if s.at_s <= at_s and (s.until_s is None or at_s < s.until_s))
        assert faults.active(at_s) == held


@given(st.lists(st.integers(-1, 2**40), min_size=1, max_size=6))
def test_the_same_key_throws_the_same_number(key: list[int]) -> None:
    number_ = dice(*key)
    assert number_ == dice(*key)
    assert 0 <= number_ < 1


def test_dice_are_fair_over_arrivals_attempts_and_seeds() -> None:
    families: list[list[float]] = [
        [dice(7, 0, call_id, 0, 0) for call_id in range(10_000)],
        [dice(seed, 0, 42, 0, 0) for seed in range(10_000)],
        [dice(7, step, call_id, nth, attempt) for step in range(10) for call_id in range(250) for nth in (0, 1)
         for attempt in (0, 1)],
    ]  # fmt: skip
    for thrown in families:
        assert len(set(thrown)) == len(thrown)
        for tenth in range(10):
            share = sum(tenth / 10 <= number_ < (tenth + 1) / 10 for number_ in thrown) / len(thrown)
            # 10,000 throws: the standard error of a tenth's share is 0.3 %.
            assert share == pytest.approx(0.1, abs=0.015)


def test_one_attempts_dice_tell_nothing_of_the_next_ones() -> None:
    pairs = [(dice(7, 0, call_id, 0, 0) < 0.5, dice(7, 0, call_id, 0, 1) < 0.5) for call_id in range(10_000)]
    for pattern in ((False, False), (False, True), (True, False), (True, True)):
        assert pairs.count(pattern) / len(pairs) == pytest.approx(0.25, abs=0.02)
