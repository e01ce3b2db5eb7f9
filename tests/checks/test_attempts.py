from harness import attempts
from harness.results.summary import Cell
from tests.checks.worked import Worked, step, summary

TWO = summary(
    Cell("all", "*", calls=200, attempts=220),
    Cell("30-latency", "*", calls=100, attempts=160),
    steps=(step("30-latency", planned_until_s=40),),
)

WORKED = (
    Worked(attempts(per_call_below=1.5), TWO, "passed", 1.1, "200 calls"),
    Worked(attempts(per_call_below=1.5, when="latency"), TWO, "failed", 1.6),
)
WRONG = (attempts(per_call_below=float("nan")), attempts(per_call_below=2, when="31-latency"))
