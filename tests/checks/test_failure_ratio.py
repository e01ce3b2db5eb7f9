from dataclasses import replace

from harness import failure_ratio
from harness.checks.failure_ratio import steady_limit
from harness.results.summary import Cell
from tests.checks.worked import Worked, step, summary

ONE_OF_A_HUNDRED = summary(Cell("steady", "*", calls=100, failed=1))
TWO_WINDOWS = summary(
    Cell("recovery:15-expire_all", "*", calls=100, failed=1),
    Cell("recovery:40-expire_all", "*", calls=100, failed=9),
    steps=(step(), replace(step(), step="40-expire_all")),
)
AT_ONCE = summary(steps=(step(recovery_s=0.0),))

WORKED = (
    Worked(failure_ratio(below=0.011), ONE_OF_A_HUNDRED, "passed", 0.01, "1 of 100 calls failed"),
    Worked(failure_ratio(below=0.01), ONE_OF_A_HUNDRED, "failed", 0.01, "the limit is 1 %"),  # reached is not met
    Worked(failure_ratio(below=0.05, when="expire_all"), TWO_WINDOWS, "failed", 0.09, "40-expire_all"),
    Worked(failure_ratio(below=0.05, when="recovery"), AT_ONCE, "passed", None, "nothing to recover from"),
    Worked(failure_ratio(below=0.05, when="expire_all"), AT_ONCE, "passed", None),
)
WRONG = (failure_ratio(below=2), failure_ratio(below=0.1, when="31-latency"))


def test_the_steady_bound_says_what_a_good_second_is() -> None:
    assert steady_limit([]) == 0.01
    assert steady_limit([failure_ratio(below=0.3, when="all"), failure_ratio(below=0.001)]) == 0.001
