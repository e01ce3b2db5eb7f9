from harness import crashes
from harness.results.auth_summary import Measures, ProbeOutcome
from tests.checks.worked import Worked, summary

MATRIX = {"TIME-07": {"INTERNAL": 2}, "TIME-01": {"UNAUTHENTICATED": 998}}
TWO = ProbeOutcome("15-expire_all", "expire_all", "", sent=1000, right=998, crashed=2, answers=MATRIX)
NONE = ProbeOutcome("30-latency", "latency", "", sent=1000, right=1000)
FEW = ProbeOutcome("15-expire_all", "expire_all", "", sent=10, right=10)
BOTH = summary(measures=Measures((TWO, NONE)))

# The upper bounds are those of Clopper and Pearson: of 0 in 1,000 it is 1 - 0.05 ** (1 / 1000).
WORKED = (
    Worked(crashes(below=0.01, of="latency"), BOTH, "passed", 0.0029912, "None of 1,000 poisoned calls"),
    Worked(crashes(below=0.001, of="expire_all"), BOTH, "failed", 0.0062823, "0.1 %; crashed by: TIME-07."),
    Worked(crashes(below=0.01, of="expire_all"), BOTH, "passed", 0.0062823),
    Worked(crashes(below=0.01), summary(measures=Measures((FEW,))), "no data", None, "it takes 299"),
)
WRONG = (crashes(below=2), crashes(below=0.1, of="31-latency"))
