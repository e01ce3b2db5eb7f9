"""The page: one HTML file that needs nothing else, the verdict first."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.files import write_whole
from harness.formatting import duration, number, percent, phase_words
from harness.report.beside import beside
from harness.report.why import VERDICTS, why
from harness.results.run import Run
from harness.results.summary import ALL_METHODS, Cell, Summary

MARKS = {"passed": "✓", "unjudged": "○", "failed": "✗", "invalid": "⚠", "interrupted": "■", "no data": "?"}
"""A sign beside each colour: nobody has to tell red from green."""


@dataclass(frozen=True)
class Shown:
    """A picture as the page shows it."""

    name: str
    title: str
    caption: str
    png: bytes

    @property
    def address(self) -> str:
        """Return the picture as a data address."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


def environment() -> Environment:
    """Return the templates' environment; every value is escaped."""
    loader = PackageLoader("harness.report", "templates")
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.filters |= {
        "duration": duration, "percent": percent, "number": number,
        "phase": phase_name, "seconds": seconds, "dash": dash, "capital": capital,
    }  # fmt: skip
    return templates


def phase_name(phase: str) -> str:
    """Return a phase as it stands in a table."""
    fixed = {"all": "whole run", "steady": "steady state"}
    return fixed.get(phase, phase.replace("recovery:", "recovery after "))


def seconds(value: float | None) -> str:
    """Return a moment in seconds from zero, to 10 ms."""
    return "never" if value is None else f"{value:.2f} s"


def capital(text: object) -> str:
    """Return a text that begins a line."""
    return str(text)[:1].upper() + str(text)[1:]


def dash(value: float | None, words: str = "duration") -> str:
    """Return a number in words, or a dash where there is none."""
    if value is None:
        return "-"
    return {"duration": duration, "percent": percent, "number": number}[words](value)


def page(run: Run, summary: Summary, pictures: Sequence[Shown]) -> str:
    """Return the report's HTML."""
    whole, steady = summary.cell("all"), summary.cell("steady")
    return (
        environment()
        .get_template("page.html")
        .render(
            run=run.data,
            summary=summary,
            verdict=summary.verdict,
            headline=VERDICTS[summary.verdict.word],
            marks=MARKS,
            reasons=_reasons(summary),
            beside=beside(summary),
            why=why(summary),
            facts=_facts(summary, whole, steady),
            pictures=pictures,
            phases=[(phase, summary.cell(phase.name)) for phase in summary.phases],
            methods=_by_method(summary),
            steps=summary.steps,
            fetches=sum(phase.fetches for phase in summary.phases if phase.kind == "all"),
            health=summary.health,
            warnings=[problem for problem in summary.problems if not problem.invalid],
            settings=_settings(run),
            phase_words=phase_words,
        )
    )


def _reasons(summary: Summary) -> tuple[str, ...]:
    """Return the verdict's reasons; those of a pass stand in the table of checks, and a run without any has none."""
    return () if summary.verdict.word in {"passed", "unjudged"} else summary.verdict.reasons


def _facts(summary: Summary, whole: Cell, steady: Cell) -> list[tuple[str, str, str]]:
    """Return the few numbers to see first: value, name, remark."""
    recoveries = [step.recovery_s for step in summary.steps if step.from_s is not None]
    known = [value for value in recoveries if value is not None]
    slowest = "none" if not recoveries else "not seen" if len(known) < len(recoveries) else duration(max(known))
    phase = summary.phase("all")
    goodput = phase.goodput_per_s if phase else None
    fetches, peak = (phase.fetches, phase.fetches_peak_per_s) if phase else (0, 0)
    failed = f"{number(whole.failed)} calls; in steady state {number(steady.failed)}"
    return [
        (number(whole.calls), "calls", f"{number(goodput)} good ones a second"),
        (percent(whole.failure_ratio), "failed", failed),
        (duration(steady.response_ok.p50_s), "median", "response time in steady state"),
        (duration(steady.response_ok.p99_s), "p99", "response time in steady state"),
        (slowest, "slowest recovery", f"of {len(recoveries)} faults" if recoveries else "the run had no fault"),
        (number(fetches), "token fetches", f"at most {number(peak)} in a second"),
    ]


def _by_method(summary: Summary) -> list[Cell]:
    found = [cell for cell in summary.cells if cell.method != ALL_METHODS and cell.phase in ("all", "steady")]
    return found if len({cell.method for cell in found}) > 1 else []


def _settings(run: Run) -> list[tuple[str, str]]:
    """Return the run's settings, a name and JSON each."""
    names = (
        "load",
        "tokens",
        "deadline_s",
        "max_lag_s",
        "transport",
        "links",
        "clocks",
        "faketime",
        "lab",
        "host",
        "versions",
        "comparable",
    )
    return [(name, json.dumps(run.data[name], indent=1, ensure_ascii=False)) for name in names if run.data.get(name)]


def write_page(path: Path, run: Run, summary: Summary, pictures: Sequence[Shown]) -> None:
    """Write ``report.html``, whole or not at all."""
    write_whole(path, page(run, summary, pictures))
