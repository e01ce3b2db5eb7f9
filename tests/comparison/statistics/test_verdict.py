import math

import numpy as np
import pytest

from harness.comparison.statistics.interval import Interval
from harness.comparison.statistics.looks import DEFAULT, QUICK, Look
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import Pair
from harness.comparison.statistics.verdict import (
    BETTER,
    EXIT_CODES,
    NOT_COMPARABLE,
    SAME,
    TOO_NOISY,
    WORSE,
    BuildVerdict,
    MetricFinding,
    change_words,
    judge,
    not_comparable,
    words,
    worst,
)
from tests.comparison.statistics.fake_pairs import FAILED, P50, P99, pairs, run

TEN = DEFAULT.looks[0]


def word_of(verdict: BuildVerdict, metric: Metric) -> str:
    return next(finding.word for finding in verdict.findings if finding.metric == metric)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.02, 0.04, SAME),
        (0.01, 0.04, SAME),
        (0.01, 0.06, WORSE),
        (-0.06, -0.01, BETTER),
        (-0.01, 0.06, TOO_NOISY),
        (-0.05, 0.02, TOO_NOISY),
        (0.0, 0.06, TOO_NOISY),
        (np.nan, np.nan, TOO_NOISY),
    ],
)
def test_the_first_rule_that_fits_gives_the_word(low: float, high: float, word: str) -> None:
    assert words(np.array([low]), np.array([high]), 0.05).tolist() == [word]


def test_where_more_is_better_the_sign_flips() -> None:
    assert words(np.array([0.1]), np.array([0.2]), 0.05, higher_is_better=True).tolist() == [BETTER]


def test_identical_builds_are_the_same() -> None:
    verdict = judge(pairs(10, noise=0.01), Matters(), TEN)
    assert [finding.word for finding in verdict.findings] == [SAME, SAME, SAME]
    assert (verdict.word, verdict.exit_code) == (SAME, 0)


def test_pairs_without_any_difference_say_so_without_a_sign() -> None:
    finding = judge(pairs(10, noise=0.0), Matters(), TEN).findings[-1]
    assert finding.sentence() == "failed all: same, no difference in any of 10 pairs"


def test_pairs_that_all_differ_alike_say_so_without_a_range() -> None:
    finding = MetricFinding(FAILED, WORSE, (0.01,) * 8, Interval(0.01, 0.01, 0.95), 0.005)
    assert finding.sentence() == "failed all: worse, +1 point in each of 8 pairs"


def test_ten_percent_more_p99_is_worse_and_says_so_in_one_line() -> None:
    verdict = judge(pairs(10, noise=0.02, p99=1.2), Matters(), TEN)
    assert (verdict.word, verdict.exit_code) == (WORSE, 1)
    (sentence,) = [finding.sentence() for finding in verdict.findings if finding.metric == P99]
    assert sentence.startswith("p99 steady: worse, +20 % (between +")
    assert sentence.endswith(" %), 10 pairs")


def test_too_noisy_says_what_it_could_be_and_how_many_pairs_would_show_it() -> None:
    verdict = judge(pairs(8, noise=0.2), Matters(), QUICK.looks[0])
    assert (verdict.word, verdict.exit_code) == (TOO_NOISY, 4)
    (finding,) = [one for one in verdict.findings if one.metric == P50]
    assert finding.pairs_needed is not None
    assert f"about {finding.pairs_needed} pairs would show a change of 5 %" in finding.sentence()
    assert "could be -" in finding.sentence()


def test_failing_fast_is_not_faster() -> None:
    verdict = judge(pairs(10, noise=0.01, p50=0.5, p99=0.5, failed=0.05), Matters(), TEN)
    assert word_of(verdict, FAILED) == WORSE
    assert [word_of(verdict, metric) for metric in (P50, P99)] == [TOO_NOISY, TOO_NOISY]
    assert "not faster" in verdict.findings[0].sentence()
    assert verdict.word == WORSE


def test_faster_without_failing_more_is_better() -> None:
    verdict = judge(pairs(10, noise=0.01, p50=0.5, p99=0.5), Matters(), TEN)
    assert [word_of(verdict, metric) for metric in (P50, P99, FAILED)] == [BETTER, BETTER, SAME]
    assert verdict.exit_code == 0


def test_five_pairs_cannot_decide_whatever_they_show() -> None:
    verdict = judge(pairs(5, p99=3.0), Matters(), Look(5, 0.05))
    assert verdict.word == TOO_NOISY
    assert all(finding.interval is None for finding in verdict.findings)


def test_a_run_without_enough_calls_leaves_its_metric_open_and_the_others_decide() -> None:
    silent = {P50: None, P99: None, FAILED: 1.0}
    broken = tuple(Pair(one.number, one.order, one.base, run("B", silent)) for one in pairs(10))
    verdict = judge(broken, Matters(), TEN)
    assert [word_of(verdict, metric) for metric in (P50, P99, FAILED)] == [TOO_NOISY, TOO_NOISY, WORSE]
    assert "10 of 10 pairs have too few calls" in verdict.findings[0].sentence()
    assert verdict.word == WORSE


def test_one_pair_set_aside_is_named_and_the_rest_decide() -> None:
    verdict = judge(pairs(9, noise=0.01), Matters(), TEN, ["pair 3: its generator was the bottleneck"])
    assert verdict.word == SAME
    assert verdict.set_aside == ("pair 3: its generator was the bottleneck",)


def test_three_of_ten_pairs_set_aside_decide_nothing() -> None:
    verdict = judge(pairs(7), Matters(), TEN, ["pair 1: …", "pair 2: …", "pair 3: …"])
    assert (verdict.word, verdict.exit_code) == (NOT_COMPARABLE, 3)
    assert verdict.reasons[0] == "7 of 10 planned pairs can be used"
    assert verdict.findings


def test_no_pair_at_all_is_not_comparable() -> None:
    assert judge((), Matters(), TEN).word == NOT_COMPARABLE


def test_runs_that_the_guard_turned_away_are_not_comparable() -> None:
    verdict = not_comparable(TEN, ["seed (A: 1, B: 2)"])
    assert (verdict.exit_code, verdict.reasons) == (3, ("seed (A: 1, B: 2)",))


def test_the_worst_word_stands_for_the_whole() -> None:
    assert worst([SAME, BETTER]) == BETTER
    assert worst([SAME, TOO_NOISY, BETTER]) == TOO_NOISY
    assert worst([TOO_NOISY, WORSE]) == WORSE
    assert worst([WORSE, NOT_COMPARABLE]) == NOT_COMPARABLE
    assert worst([]) == TOO_NOISY


def test_no_exit_code_means_two_things() -> None:
    assert EXIT_CODES == {SAME: 0, BETTER: 0, WORSE: 1, NOT_COMPARABLE: 3, TOO_NOISY: 4}


@pytest.mark.parametrize(("ratio", "words"), [(1.094, "+9.4 %"), (1.996, "+100 %"), (3.5, "+250 %"), (0.5, "-50 %")])
def test_a_change_is_never_told_as_a_power_of_ten(ratio: float, words: str) -> None:
    assert change_words(P99, math.log(ratio)) == words
