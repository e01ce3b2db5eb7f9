"""The coin, the looks, and what matters: all that is fixed before the first run."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.comparison.statistics.looks import DEFAULT, PLANS, QUICK, TWO_LOOKS, Look, LookPlan, mistakes
from harness.comparison.statistics.matters import Matters, matters_of
from harness.comparison.statistics.metric import Metric, primary
from harness.comparison.statistics.pairs import coin, difference
from harness.errors import RecordError
from harness.records import plain


@given(st.integers(), st.integers(0, 30))
def test_a_longer_plan_does_not_change_the_first_coins(seed: int, pairs: int) -> None:
    assert coin(seed, pairs + 4)[:pairs] == coin(seed, pairs)


def test_the_coin_is_fair_and_is_not_a_fixed_order() -> None:
    orders = coin(1, 2000)
    assert abs(orders.count("AB") - 1000) < 4 * math.sqrt(500)
    assert len({coin(seed, 10) for seed in range(50)}) > 40


def test_times_differ_by_their_ratio_and_shares_by_points() -> None:
    assert difference(primary("p99 steady"), 0.1, 0.11) == pytest.approx(math.log(1.1))
    assert difference(primary("failed all"), 0.01, 0.015) == pytest.approx(0.005)
    assert difference(Metric("recovery", "x", "plain"), 0.0, 2.0) == 2.0
    assert difference(primary("p99 steady"), None, 0.11) is None
    assert difference(primary("p99 steady"), 0.0, 1e-6) == 0.0


def test_every_plan_can_decide_six_primaries_but_the_first_of_two_looks_needs_ten_pairs() -> None:
    assert [name for name, plan in PLANS.items() if mistakes(plan, 6)] == []
    assert (QUICK.pairs, DEFAULT.pairs, TWO_LOOKS.pairs) == (8, 10, 14)
    (sentence,) = mistakes(LookPlan("early", (Look(8, 0.02), Look(14, 0.03))), 5)
    assert "8 pairs decide nothing for 5 primaries" in sentence


def test_looks_may_not_spend_more_than_the_whole_chance_of_error() -> None:
    found = mistakes(LookPlan("greedy", (Look(10, 0.05), Look(14, 0.05))), 5)
    assert "spend 0.1 of 0.05" in found[0]
    assert mistakes(LookPlan("back", (Look(14, 0.02), Look(10, 0.03))), 5)


def test_nobody_looks_between_looks() -> None:
    assert [TWO_LOOKS.look_at(pairs) is not None for pairs in (9, 10, 12, 14)] == [False, True, False, True]


def test_what_matters_survives_json_and_keeps_its_defaults() -> None:
    matters = Matters(p99_ratio=0.2, primaries=("p99 steady", "failed all"))
    assert matters_of({"matters": json.loads(json.dumps(plain(matters)))}) == matters
    assert matters_of({}) == Matters()
    with pytest.raises(RecordError, match="use the build that wrote it"):
        matters_of({"matters": {"p98_ratio": 1}})


def test_the_smallest_change_is_on_the_scale_of_its_metric() -> None:
    matters = Matters()
    sizes = [matters.smallest(metric) for metric in matters.metrics(faults=True)]
    assert sizes == pytest.approx([math.log(1.05), *[math.log(1.1)] * 3, 0.005])


@pytest.mark.parametrize(
    ("primaries", "word"),
    [
        (("p98 steady", "failed all"), "p98 steady"),
        (("p99 moon", "failed all"), "p99 moon"),
        (("p99 steady",), "failing fast"),
        (("failed all", "failed all"), "twice"),
        ((*(f"p99 step{i}" for i in range(6)), "failed all"), "at most 6"),
    ],
)
def test_a_choice_of_primaries_that_cannot_be_is_told(primaries: tuple[str, ...], word: str) -> None:
    found = Matters(primaries=primaries).mistakes([f"step{i}" for i in range(6)])
    assert [sentence for sentence in found if word in sentence]


def test_a_change_of_nothing_cannot_matter() -> None:
    assert "failed_points=0" in Matters(failed_points=0).mistakes()[0]


def test_the_name_of_a_primary_must_be_known() -> None:
    with pytest.raises(ValueError, match="no primary metric"):
        primary("p99")
