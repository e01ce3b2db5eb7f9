from harness import false_accepts
from harness.results.auth_summary import Measures, ProbeOutcome
from tests.checks.worked import Worked, summary

MATRIX = {"SIGN-01": {"OK": 3, "UNAUTHENTICATED": 5}, "TIME-01": {"UNAUTHENTICATED": 992}}
NAKED = {"pkg.Bank/Pay": 2, "pkg.Bank/Watch": 1}
THREE = ProbeOutcome("15-expire_all", "expire_all", "", sent=1000, right=997, accepted=3, answers=MATRIX, naked=NAKED)
NONE = ProbeOutcome("30-latency", "latency", "", sent=1000, right=1000)
BOTH = summary(measures=Measures((THREE, NONE)))

# The upper bounds are those of Clopper and Pearson: of 0 in 1,000 it is 1 - 0.05 ** (1 / 1000).
WORKED = (
    Worked(false_accepts(below=0.01, of="latency"), BOTH, "passed", 0.0029912),
    Worked(
        false_accepts(below=0.001, of="expire_all"),
        BOTH,
        "failed",
        0.0077352,
        "the limit is 0.1 %; let in: SIGN-01, by Pay, Watch.",
    ),
)
WRONG = (false_accepts(below=0), false_accepts(below=0.1, of="31-latency"))
