from harness import refreshes
from tests.checks.worked import Worked, step, summary

TWO = summary(steps=(step(), step("30-latency", fetches=40, fetches_peak_per_s=25)))

WORKED = (
    Worked(refreshes(below=20, after="expire_all"), TWO, "passed", 12, "cost 12 token fetches"),
    Worked(refreshes(below=20), TWO, "failed", 40, "at most 25 in one second"),  # the worst step decides
)
WRONG = (
    refreshes(below="many"),  # type: ignore[arg-type]
    refreshes(below=20, after="rotate"),
)
