import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv

from harness.results.proportion import Share, needed


def test_none_of_many_is_the_rule_of_three() -> None:
    share = Share.counted(0, 3000)
    assert (share.low, share.ratio) == (0.0, 0.0)
    assert share.high == pytest.approx(3 / 3000, rel=0.01)


def test_bounds_are_those_of_a_worked_number() -> None:
    # 5 of 10, 95 % on either side. Source: Clopper-Pearson by bisection of the binomial sums.
    share = Share.counted(5, 10)
    assert share.low == pytest.approx(0.2224, abs=1e-4)
    assert share.high == pytest.approx(0.7776, abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_bounds_enclose_what_was_seen(counted: tuple[int, int]) -> None:
    share = Share.counted(*counted)
    assert share.ratio is not None
    assert 0 <= share.low <= share.ratio <= share.high <= 1


@pytest.mark.parametrize("below", [0.5, 0.05, 0.001])
def test_so_many_without_a_hit_prove_a_limit_and_one_less_does_not(below: float) -> None:
    assert Share.counted(0, needed(below)).high <= below < Share.counted(0, needed(below) - 1).high


def test_nothing_counted_says_nothing() -> None:
    share = Share.counted(0, 0)
    assert (share.low, share.high, share.ratio) == (0.0, 1.0, None)


SIZES = (1, 2, 3, 5, 10, 16, 17, 31, 100, 999, 12_000, 10**5, 10**6, 10**7)


@pytest.mark.parametrize("of", SIZES)
def test_bounds_are_the_quantiles_of_the_beta_distribution(of: int) -> None:
    # scipy's own error grows with the size: where it differs most, exact sums say that ours is the right one.
    few = {0, 1, 2, 3, 8, 15, 16, of // 1000, of // 100, of // 10, of // 3, of // 2}
    for hits in {count for part in few for count in (part, of - part) if 0 <= count <= of}:
        share = Share.counted(hits, of)
        low = betaincinv(hits, of - hits + 1, 0.05) if hits else 0.0
        high = betaincinv(hits + 1, of - hits, 0.95) if hits < of else 1.0
        assert (share.low, share.high) == pytest.approx((low, high), rel=max(1e-12, of * 2e-17))
