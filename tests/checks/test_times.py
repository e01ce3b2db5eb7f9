from harness import response_time, service_time
from harness.results.summary import Cell, Spread
from tests.checks.worked import Worked, summary

FAST, SLOW = Spread(n=1000, p50_s=0.02, p99_s=0.2), Spread(n=1000, p50_s=0.03, p99_s=0.4)
BOTH = summary(
    Cell("steady", "*", calls=1000, response_ok=FAST, service_ok=SLOW),
    Cell("all", "*", calls=1000, response_ok=SLOW, service_ok=FAST),
)
FEW = summary(Cell("steady", "*", calls=400, response_ok=Spread(n=400, p50_s=0.1, max_s=0.2)))

WORKED = (
    Worked(response_time(0.99, below_s=0.25), BOTH, "passed", 0.2, "1,000 successful calls"),
    Worked(response_time(0.99, below_s=0.25, when="all"), BOTH, "failed", 0.4, "the limit is 250 ms"),
    Worked(response_time(0.99, below_s=0.25), FEW, "no data", None, "takes 500"),
    Worked(service_time(0.5, below_s=0.025), BOTH, "failed", 0.03),
    Worked(service_time(0.5, below_s=0.025, when="all"), BOTH, "passed", 0.02),
)
WRONG = tuple(
    wrong
    for check in (response_time, service_time)
    for wrong in (check(0.97, below_s=1), check(0.99, below_s=-1), check(0.99, below_s=1, when="31-latency"))
)
