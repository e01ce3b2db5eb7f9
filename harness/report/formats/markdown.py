"""Markdown: a run in ``report.md``, for a pull request."""

import re
from collections.abc import Sequence
from pathlib import Path

from harness.files import write_whole
from harness.formatting import duration, number, percent
from harness.report.beside import beside
from harness.report.formats import export_format
from harness.report.page import MARKS
from harness.report.why import VERDICTS, why
from harness.results.run import Run
from harness.results.summary import Summary

MOST_LETTERS = 60_000
"""What fits a comment of a pull request."""


@export_format("markdown", always=True)
def write(run: Run, summary: Summary) -> Sequence[Path]:
    """Write report.md, the verdict first, for a comment of a pull request."""
    return [write_whole(run.path / "report.md", markdown(summary))]


def markdown(summary: Summary) -> str:
    """Return the run in Markdown, the verdict first; at most `MOST_LETTERS` long."""
    verdict = summary.verdict
    lines = [
        f"## {MARKS[verdict.word]} {_plain(summary.scenario)}: {verdict.word}",
        "",
        VERDICTS[verdict.word],
        "",
        *([f"- {_plain(reason)}" for reason in verdict.reasons] if verdict.word not in {"passed", "unjudged"} else []),
        *(f"- {_plain(sentence)}" for sentence in beside(summary)),
        "",
        f"Build `{_plain(summary.build)}`, run `{_plain(summary.run)}`, {duration(summary.duration_s)}.",
        "",
        "| | check | measured |",
        "|---|---|---|",
        *(f"| {MARKS[check.result]} | {_plain(check.text)} | {_plain(check.sentence)} |" for check in summary.checks),
        "",
        "| phase | calls | failed | p50 | p99 |",
        "|---|---:|---:|---:|---:|",
        *(_phase_line(summary, phase.name) for phase in summary.phases),
        "",
        "What happened:",
        "",
        *(f"- {_plain(sentence)}" for sentence in why(summary)),
    ]
    return "\n".join(lines)[:MOST_LETTERS] + "\n"


def _phase_line(summary: Summary, phase: str) -> str:
    cell = summary.cell(phase)
    times = f"{duration(cell.response_ok.p50_s)} | {duration(cell.response_ok.p99_s)}"
    return f"| {_plain(phase)} | {number(cell.calls)} | {percent(cell.failure_ratio)} | {times} |"


def _plain(text: str) -> str:
    """Return foreign text in one line that no Markdown or HTML of its own survives."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(str(text).split())) if text else ""
