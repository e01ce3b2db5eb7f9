import math
from fractions import Fraction

import pytest
from scipy import stats

from harness.results.binomial import log_chance, log_least


def _least(hits: int, of: int, chance: Fraction) -> Fraction:
    """Return the chance of ``hits`` or more, without rounding."""
    return sum(
        (math.comb(of, seen) * chance**seen * (1 - chance) ** (of - seen) for seen in range(hits, of + 1)), Fraction(0)
    )


@pytest.mark.parametrize("of", [1, 2, 7, 15, 16, 40, 250])
def test_the_chance_of_so_many_is_that_of_exact_arithmetic(of: int) -> None:
    for hits in {0, 1, of // 3, of // 2, of - 1, of}:
        for chance in (1e-6, 0.01, 0.5, 0.96):
            exact = Fraction(chance)
            expected = math.comb(of, hits) * exact**hits * (1 - exact) ** (of - hits)
            assert math.exp(log_chance(hits, of, chance, 1 - chance)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("of", [1_000, 100_000, 10_000_000])
def test_chances_of_more_tries_than_factorials_can_tell_are_those_of_scipy(of: int) -> None:
    for hits in (0, 1, of // 2 - 3, of // 2, of):
        assert log_chance(hits, of, 0.5, 0.5) == pytest.approx(stats.binom.logpmf(hits, of, 0.5), rel=1e-8)


@pytest.mark.parametrize("doubt", [0.001, 0.05, 0.5])
@pytest.mark.parametrize("of", [1, 2, 15, 16, 17, 60, 200])
def test_so_many_or_more_come_with_just_the_doubt_that_was_asked_for(of: int, doubt: float) -> None:
    for hits in {1, 2, of // 2, of - 1, of} - {0}:
        if hits <= of:
            chance = Fraction(math.exp(log_least(hits, of, doubt)))
            assert float(_least(hits, of, chance)) == pytest.approx(doubt, rel=1e-11)


def test_a_chance_next_to_one_keeps_its_complement() -> None:
    # 5 misses of a million, 95 % sure: the miss's chance from an exact sum of 50 digits.
    assert -math.expm1(log_least(999_995, 1_000_000, 0.05)) == pytest.approx(1.051300592939872e-05, rel=1e-14)
