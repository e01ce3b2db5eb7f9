"""Beside the verdict: what a word on the steady state alone would hide."""

from harness.formatting import number, percent, plural
from harness.results.summary import Summary

MOST_OF_IT = 0.5
"""A steady state of less than this share of the run is told with its share even where nothing failed."""


def beside(summary: Summary) -> list[str]:
    """Return the failures of the whole run, and how much of the run its steady state is."""
    whole, steady, share = summary.cell("all"), summary.cell("steady"), steady_share(summary)
    stopped = summary.health.stopped
    cut = f"{plural(stopped, 'call')} {'was' if stopped == 1 else 'were'} cut by the run's own stop, and in no ratio."
    said = [cut] if stopped else []
    if not whole.calls or share is None:
        return said
    if whole.failed:
        said.append(
            f"Of all {plural(whole.calls, 'call')}, {number(whole.failed)} failed, which is "
            f"{percent(whole.failure_ratio)}; in steady state {number(steady.failed)} of {number(steady.calls)} did."
        )
    if share < MOST_OF_IT or (share < 1 and whole.failed > steady.failed):
        said.append(f"Steady state is {percent(share)} of the run; the rest belongs to faults and recoveries.")
    allowed = [step.step for step in summary.steps if step.open and step.allow_open]
    if allowed:
        said.append(f"Calls were not good again after {', '.join(allowed)}, which the scenario allows (allow_open).")
    return said


def steady_share(summary: Summary) -> float | None:
    """Return the share of the load's time that is steady; None where there was none."""
    whole, steady = summary.phase("all"), summary.phase("steady")
    if whole is None or steady is None or not whole.duration_s:
        return None
    return steady.duration_s / whole.duration_s
