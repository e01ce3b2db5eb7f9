import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.load import Load, closed_users, constant_rate, poisson_rate, ramp_rate

rates = st.floats(0.5, 200)
durations = st.floats(0.5, 20)
warm_ups = st.floats(0, 5)
shapes = st.sampled_from(["constant", "ramp", "poisson"])


def open_load(shape: str, per_s: float, to_per_s: float, duration_s: float, warm_up_s: float) -> Load:
    if shape == "ramp":
        return ramp_rate(per_s, to_per_s, duration_s, 10, warm_up_s)
    return {"constant": constant_rate, "poisson": poisson_rate}[shape](per_s, duration_s, 10, warm_up_s)


@given(shapes, rates, rates, durations, warm_ups, st.integers(0, 2**32))
def test_starts_are_sorted_and_lie_between_warm_up_and_end(
    shape: str, per_s: float, to_per_s: float, duration_s: float, warm_up_s: float, seed: int
) -> None:
    starts = list(open_load(shape, per_s, to_per_s, duration_s, warm_up_s).starts(seed))
    assert starts == sorted(starts)
    assert all(-warm_up_s - 1e-9 <= start <= duration_s + 1e-9 for start in starts)


@given(st.sampled_from(["constant", "ramp"]), rates, rates, durations, warm_ups)
def test_as_many_calls_are_due_from_zero_as_were_planned(
    shape: str, per_s: float, to_per_s: float, duration_s: float, warm_up_s: float
) -> None:
    load = open_load(shape, per_s, to_per_s, duration_s, warm_up_s)
    starts = list(load.starts(seed=1))
    assert sum(start >= 0 for start in starts) == load.planned()
    assert sum(start < 0 for start in starts) == math.floor(warm_up_s * per_s + 1e-9)


@given(rates, rates, durations)
def test_the_i_th_start_of_a_ramp_solves_the_integral_of_its_rate(
    per_s: float, to_per_s: float, duration_s: float
) -> None:
    growth = (to_per_s - per_s) / duration_s
    for i, start in enumerate(ramp_rate(per_s, to_per_s, duration_s, 10, warm_up_s=0).starts(seed=1)):
        assert per_s * start + growth * start**2 / 2 == pytest.approx(i, rel=1e-6, abs=1e-6)


def test_a_ramp_to_its_own_rate_is_constant() -> None:
    ramp, even = ramp_rate(40, 40, 5, 10), constant_rate(40, 5, 10)
    assert list(ramp.starts(1)) == list(even.starts(1))


def test_a_constant_rate_is_even() -> None:
    assert list(constant_rate(2, 2, 10, warm_up_s=1).starts(1)) == [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5]


@given(st.integers(0, 2**32))
def test_independent_arrivals_replay_from_the_seed(seed: int) -> None:
    load = poisson_rate(50, 4, 10)
    starts = list(load.starts(seed))
    assert starts == list(load.starts(seed))
    assert starts != list(load.starts(seed + 1))


def test_independent_arrivals_have_the_mean_and_the_spread_of_their_law() -> None:
    starts = list(poisson_rate(100, 200, 10, warm_up_s=0).starts(seed=7))
    gaps = [after - before for before, after in pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    # 20,000 exponential gaps: the standard error of their mean is 0.7 %.
    assert mean == pytest.approx(0.01, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.05)


def test_a_closed_load_has_users_and_no_schedule() -> None:
    load = closed_users(20, 30, think_s=0.5)
    assert (load.model, load.max_users, load.think_s) == ("closed", 20, 0.5)
    assert list(load.starts(1)) == []
    assert load.planned() == 0
    assert load.mistakes() == []


@pytest.mark.parametrize("load", [constant_rate(5, 5, 5), ramp_rate(1, 9, 5, 5), poisson_rate(5, 5, 5)])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_s", 0),
        ("to_per_s", -1),
        ("duration_s", 0),
        ("duration_s", math.inf),
        ("max_users", 0),
        ("warm_up_s", -1),
        ("warm_up_s", math.nan),
        ("think_s", -1),
        ("per_s", "many"),
    ],
)
def test_a_wrong_setting_is_named(load: Load, name: str, value: object) -> None:
    wrong = replace(load, **{name: value})  # type: ignore[arg-type]
    sentences = wrong.mistakes()
    assert len(sentences) == 1
    assert name in sentences[0]
    assert sentences[0].startswith("load: ")


def test_fewer_users_than_planned_are_doubted_with_what_they_can_carry() -> None:
    load = constant_rate(per_s=200, duration_s=60, max_users=100)
    assert load.doubt(100) is load.doubt(101) is None
    assert closed_users(10, 60).doubt(1) is None
    said = load.doubt(5) or ""
    assert said.startswith(
        "5 users are fewer than the scenario's 100: at 200 calls/s none is free once calls take over"
    )
    assert "over 0.025 s" in said
