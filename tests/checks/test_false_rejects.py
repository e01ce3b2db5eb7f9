from harness import false_rejects
from harness.results.auth_summary import FalseRejectSummary, Measures
from harness.results.proportion import Share
from harness.results.summary import Cell
from tests.checks.worked import Worked, summary


def rejects(phase: str, rejected: int, alive: int) -> FalseRejectSummary:
    share = Share.counted(rejected, alive)
    return FalseRejectSummary(phase, alive, rejected, causes={"EXPIRED": rejected} if rejected else {}, share=share)


BOTH = summary(
    Cell("all", "*", calls=1000),
    Cell("steady", "*", calls=1000),
    measures=Measures(rejects=(rejects("all", 2, 1000), rejects("steady", 0, 1000))),
)
FEW = summary(Cell("all", "*", calls=10), measures=Measures(rejects=(rejects("all", 0, 10),)))

# The upper bounds are those of Clopper and Pearson: of 0 in 1,000 it is 1 - 0.05 ** (1 / 1000).
WORKED = (
    Worked(false_rejects(below=0.01, when="steady"), BOTH, "passed", 0.0029912, "None of 1,000 attempts"),
    Worked(false_rejects(below=0.001), BOTH, "failed", 0.0062823, "2 of 1,000 attempts with a living token were"),
    Worked(false_rejects(below=0.01), FEW, "no data", None, "it takes 299"),
)
WRONG = (false_rejects(below=1.5), false_rejects(below=0.1, when="31-latency"))
