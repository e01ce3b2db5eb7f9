import numpy as np
from numpy.testing import assert_array_equal

from harness.comparison.statistics.causes import cause_findings
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import Pair
from harness.comparison.statistics.secondary import asides, discoveries
from tests.comparison.statistics.fake_pairs import WOBBLE, of_causes, run

MOVED, STILL, ABSENT = Metric("p90", "steady"), Metric("max", "steady"), Metric("p99.9", "steady")


def test_benjamini_and_hochbergs_worked_example() -> None:
    low, high = [0.0001, 0.0004, 0.0019, 0.0095], [0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262]
    picked = discoveries(np.array([*high, 0.5719, 0.6528, 0.7590, 1.0, *low]), 0.05)
    assert_array_equal(picked, [False] * 11 + [True] * 4)
    assert discoveries(np.array([]), 0.05).size == 0


def test_only_what_moved_is_worth_a_look() -> None:
    pairs = tuple(
        Pair(
            number,
            "AB",
            run("A", {}, secondary={MOVED: 0.1, STILL: 1.0, ABSENT: None}),
            run("B", {}, secondary={MOVED: 0.13 + wobble / 100, STILL: 1 + wobble / 10, ABSENT: 1.0}),
        )
        for number, wobble in enumerate(WOBBLE[:10], 1)
    )
    moved, still, absent = asides(pairs)
    assert (moved.worth_a_look, still.worth_a_look, absent.worth_a_look) == (True, False, False)
    assert moved.interval is not None
    assert moved.interval.low > 0
    assert absent.interval is None


def test_a_cause_that_the_baseline_never_had_is_new() -> None:
    (found,) = cause_findings(of_causes([0, 0, 0], [1, 0, 4]))
    assert found.standing == "new cause"
    assert found.sentence() == "new cause EXPIRED: never in the baseline, 5 calls of the candidate (1, 0, 4)"


def test_fewer_than_ten_failures_of_a_cause_are_too_few() -> None:
    (found,) = cause_findings(of_causes([4, 0], [2, 3]))
    assert (found.standing, found.interval) == ("too few to compare", None)


def test_a_cause_that_doubled_has_an_interval_in_points() -> None:
    (found,) = cause_findings(of_causes([100] * 8, [200 + i for i in range(8)]))
    assert found.standing == "compared"
    assert found.interval is not None
    assert 0.0099 < found.interval.low < found.interval.high < 0.011
    assert "800 calls before, 1628 now (between +1" in found.sentence()


def test_a_cause_that_went_away_is_compared_too() -> None:
    (found,) = cause_findings(of_causes([100] * 8, [0] * 8))
    assert found.interval is not None
    assert found.interval.high < 0
