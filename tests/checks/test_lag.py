from harness import lag
from harness.results.auth_summary import Lag, Measures
from tests.checks.worked import Worked, summary

SEEN = summary(
    measures=Measures(
        lags=(
            Lag("new key", "15-expire_all", 1.5, seen=9),
            Lag("new key", "30-latency", 2.5, seen=3, note="of 3 answers"),
            Lag("revocation", "15-expire_all", None, note="no revoked token was sent"),
        )
    )
)

WORKED = (
    Worked(lag(of="new key", below_s=3), SEEN, "passed", 2.5, "after 30-latency until the last token of a new key"),
    Worked(lag(of="new key", below_s=2), SEEN, "failed", 2.5, "(of 3 answers); the limit is 2 s"),
    Worked(lag(of="new key", below_s=2), summary(measures=Measures(lags=SEEN.measures.lags[:1])), "passed", 1.5),
    Worked(lag(of="revocation", below_s=2), SEEN, "no data", None, "no revoked token was sent"),
)
WRONG = (lag(of="moon", below_s=1), lag(of="new key", below_s=0))
