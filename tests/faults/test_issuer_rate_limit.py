import pytest

from harness.faults import IssuerRateLimit
from harness.faults.issuer_rate_limit import TokenBucket
from tests.faults.examples import Example

EXAMPLES = (Example(IssuerRateLimit(20, 2), wrong=(("per_s", 0), ("retry_after_s", -1), ("retry_after_s", 0.5))),)


class Hand:
    """A clock that a test moves."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("per_s", "at_once"), [(20, 20), (1, 1), (0.5, 1)])
def test_one_seconds_worth_may_come_at_once_and_no_more(per_s: float, at_once: int) -> None:
    limit = TokenBucket(per_s, 1, Hand())
    assert [limit.grants() for _ in range(at_once + 3)] == [True] * at_once + [False] * 3


def test_over_time_the_rate_is_granted_exactly() -> None:
    clock = Hand()
    limit = TokenBucket(20, 1, clock)
    granted = 0
    for _ in range(4000):
        clock.now_s += 0.0025
        granted += limit.grants()
    assert granted == 20 + 10 * 20 - 1
