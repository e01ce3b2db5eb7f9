from harness import amplification
from harness.results.auth_summary import AmplificationSummary, Measures
from tests.checks.worked import Worked, step, summary

MEASURED = AmplificationSummary(
    holders=10, ideal_per_s=0.5, fetches_per_expiry=1.1, peak_per_s=12, peak_ratio=24.0, key_sets_per_cooldown=3.0
)
STORM = summary(steps=(step(fetches_peak_per_s=6),), measures=Measures(amplification=MEASURED))
NOBODY = summary(steps=(step(),))

WORKED = (
    Worked(amplification(below=1.5), STORM, "passed", 1.2, "of 15-expire_all (12 for 10 holders)"),
    Worked(amplification(below=1.2), STORM, "failed", 1.2),  # reached is not met
    Worked(amplification(below=1.2, of="expiries"), STORM, "passed", 1.1),
    Worked(amplification(below=20, of="peak"), STORM, "failed", 24),
    Worked(amplification(below=20, of="peak", after="expire_all"), STORM, "passed", 12),
    Worked(amplification(below=2, of="key sets"), STORM, "failed", 3),
    Worked(amplification(below=2), NOBODY, "no data", None, "nobody knows how many holders"),
)
WRONG = (
    amplification(below=-1),
    amplification(below=2, of="calls"),
    amplification(below=2, of="expiries", after="latency"),
)
