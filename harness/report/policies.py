"""The page of a comparison of refresh policies: what each made of the storm, side by side."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from harness.formatting import duration, number, percent, plural
from harness.report.page import MARKS, Shown, environment
from harness.report.style import BLUE, ORANGE, QUIET, STYLE, VERMILION, figure
from harness.results.summary import Summary

_CAPTION = (
    "Every policy met the same storm, seed and load, one after another on one machine. Failed calls count retries in: "
    "a call that succeeded the second time did not fail. Added latency is the p99 response time of good calls minus "
    "their median. Alone: every caller of a token renews it for itself; otherwise they share one renewal. One run "
    "each: trust large differences, not small ones."
)
ALONE = ", alone"
"""How the names of policies end under which every caller renews for itself."""
_ALONE_MEANS = "alone: every caller of a token renews it for itself; the others share one renewal (single-flight)"


@dataclass(frozen=True)
class PolicyOutcome:
    """What one policy made of the storm; times in seconds, ``fetches`` are token requests after the warm-up."""

    policy: str
    word: str
    calls: int
    failed: int
    attempts: int
    fetches: int
    fetches_peak_per_s: int
    p50_s: float | None
    p99_s: float | None
    p99_9_s: float | None
    max_s: float | None
    run: str

    @classmethod
    def of(cls, policy: str, summary: Summary, run: Path) -> "PolicyOutcome":
        """Read a run's summary; all calls from zero on count, the storm's and those between."""
        cell, phase = summary.cell("all"), summary.phase("all")
        good = cell.response_ok
        return cls(
            policy=policy,
            word=summary.verdict.word,
            calls=cell.calls,
            failed=cell.failed,
            attempts=cell.attempts,
            fetches=phase.fetches if phase else 0,
            fetches_peak_per_s=phase.fetches_peak_per_s if phase else 0,
            p50_s=good.p50_s,
            p99_s=good.p99_s,
            p99_9_s=good.p99_9_s,
            max_s=good.max_s,
            run=str(run),
        )

    @property
    def added_s(self) -> float | None:
        """Return what the slowest hundredth of good calls waited beyond the median, in seconds."""
        return None if self.p99_s is None or self.p50_s is None else self.p99_s - self.p50_s

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as ``policies.json`` holds it."""
        return {**asdict(self), "added_s": self.added_s}


def write(outcomes: Sequence[PolicyOutcome], scenario: str, folder: Path) -> None:
    """Write ``policies.html``, ``.png``, ``.md``, ``.csv`` and ``.json`` into a folder."""
    rows = [outcome.to_json() for outcome in outcomes]
    (folder / "policies.json").write_text(json.dumps({"schema": 1, "policies": rows}, indent=1) + "\n")
    with (folder / "policies.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "policies.md").write_text(markdown(outcomes), encoding="utf-8")
    with mpl.rc_context(STYLE):
        png = BytesIO()
        draw(outcomes, scenario).savefig(png, format="png")
    (folder / "policies.png").write_bytes(png.getvalue())
    picture = Shown("policies", title(outcomes), _CAPTION, png.getvalue())
    template = environment().get_template("policies.html")
    page = template.render(outcomes=outcomes, scenario=scenario, picture=picture, marks=MARKS)
    (folder / "policies.html").write_text(page, encoding="utf-8")


def markdown(outcomes: Sequence[PolicyOutcome]) -> str:
    """Return the numbers as a Markdown table."""
    lines = ["| policy | calls | failed | token requests | busiest second | median | p99 | verdict |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for one in outcomes:
        times = " | ".join("-" if value is None else duration(value) for value in (one.p50_s, one.p99_s))
        counts = f"{number(one.calls)} | {percent(_failed_ratio(one))} | {number(one.fetches)}"
        lines.append(f"| {one.policy} | {counts} | {number(one.fetches_peak_per_s)} | {times} | {one.word} |")
    return "\n".join(lines) + "\n"


def title(outcomes: Sequence[PolicyOutcome]) -> str:
    """Return the finding in a sentence: who asked most at once, and who failed most."""
    busiest = max(outcomes, key=lambda outcome: outcome.fetches_peak_per_s)
    calmest = min(outcomes, key=lambda outcome: outcome.fetches_peak_per_s)
    peak = plural(busiest.fetches_peak_per_s, "token request")
    said = f"{busiest.policy} made {peak} in one second, {calmest.policy} {number(calmest.fetches_peak_per_s)}"
    if busiest.fetches_peak_per_s == calmest.fetches_peak_per_s:
        said = f"every policy made at most {peak} in one second"
    worst = max(outcomes, key=_failed_ratio)
    if not worst.failed:
        return f"{said}; no call failed under any policy"
    return f"{said}; {worst.policy} failed most ({percent(_failed_ratio(worst))} of the calls)"


def draw(outcomes: Sequence[PolicyOutcome], scenario: str) -> Figure:
    """Draw a row of bars per policy: failures, peak token requests, added latency."""
    drawn = figure(1.9 + 0.34 * len(outcomes))
    drawn.suptitle(f"{scenario} under {plural(len(outcomes), 'refresh policy', 'refresh policies')}", x=0.01, ha="left")
    added_ms = [None if one.added_s is None else one.added_s * 1e3 for one in outcomes]
    panels: tuple[tuple[str, Sequence[float | None], str, Callable[[float], str]], ...] = (
        ("failed calls,\nretries counted in", [_failed_ratio(one) * 100 for one in outcomes], VERMILION, _percent),
        ("token requests\nin the busiest second", [one.fetches_peak_per_s for one in outcomes], BLUE, number),
        ("added latency,\np99 minus median", added_ms, ORANGE, lambda v: duration(v / 1e3)),
    )
    for axes, (name, values, colour, words) in zip(drawn.subplots(1, 3, sharey=True), panels, strict=True):
        _bars(axes, values, colour, words)
        axes.set_title(name)
    axes.set_yticks(range(len(outcomes)), [_row_name(one) for one in outcomes])
    axes.invert_yaxis()
    if any(ALONE in one.policy for one in outcomes):
        drawn.supxlabel(_ALONE_MEANS, x=0.01, ha="left", fontsize=8, color=QUIET)
    return drawn


def _bars(axes: Axes, values: Sequence[float | None], colour: str, words: Callable[[float], str]) -> None:
    """Draw a bar for each value, its number beside it; an unknown one has a number of its own, and no bar."""
    axes.barh(range(len(values)), [value or 0.0 for value in values], color=colour, height=0.62)
    axes.set_xlim(0, max([value or 0.0 for value in values] + [1e-9]) * 1.45)
    axes.set_xticks([])
    axes.grid(visible=False)
    for place, value in enumerate(values):
        text = "too few calls" if value is None else words(value)
        axes.annotate(text, (value or 0.0, place), (3, 0), textcoords="offset points", va="center")


def _row_name(outcome: PolicyOutcome) -> str:
    """Return the policy; a run that is no evidence says so."""
    no_evidence = outcome.word in {"invalid", "interrupted"}
    return f"{outcome.policy}\n({outcome.word} run)" if no_evidence else outcome.policy


def _percent(value: float) -> str:
    return percent(value / 100)


def _failed_ratio(outcome: PolicyOutcome) -> float:
    return outcome.failed / outcome.calls if outcome.calls else 0.0


def summary_table(outcomes: Sequence[PolicyOutcome], scenario: str) -> Table:
    """Return the outcomes as the terminal shows them."""
    table = Table(title=f"{scenario}: {title(outcomes)}", title_justify="left", title_style="bold")
    table.add_column("policy", no_wrap=True)
    for column in ("calls", "failed", "tries", "tokens", "peak/s", "p50", "p99", "verdict"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in outcomes:
        per_call = f"{one.attempts / one.calls:.3f}" if one.calls else "-"
        counts = (number(one.calls), percent(_failed_ratio(one)), per_call, number(one.fetches))
        times = ("-" if value is None else duration(value) for value in (one.p50_s, one.p99_s))
        table.add_row(one.policy, *counts, number(one.fetches_peak_per_s), *times, one.word)
    return table
