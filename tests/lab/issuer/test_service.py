import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.issuer.service import fails


@pytest.mark.parametrize(("ratio", "failing"), [(0.0, []), (0.25, [4, 8, 12]), (0.5, [2, 4, 6, 8, 10, 12])])
def test_a_share_of_all_requests_fails_evenly_spread(ratio: float, failing: list[int]) -> None:
    assert [number for number in range(1, 13) if fails(number, ratio)] == failing


@given(st.floats(0, 1), st.integers(1, 500))
def test_never_one_more_or_less_than_the_share(ratio: float, count: int) -> None:
    assert abs(sum(fails(number, ratio) for number in range(1, count + 1)) - count * ratio) < 1 + 1e-6
