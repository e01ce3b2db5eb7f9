"""The report's small texts: ``report.md`` for a pull request and ``junit.xml`` for CI."""

import re
from typing import Literal

from harness.formatting import duration, number, percent
from harness.junit import Case, Suite, suite_xml
from harness.report.page import MARKS
from harness.report.why import VERDICTS, why
from harness.results.summary import CheckResult, Summary

MOST_LETTERS = 60_000
"""What fits a comment of a pull request."""


def markdown(summary: Summary) -> str:
    """Return the run in Markdown, the verdict first; at most `MOST_LETTERS` long."""
    verdict = summary.verdict
    lines = [
        f"## {MARKS[verdict.word]} {_plain(summary.scenario)}: {verdict.word}",
        "",
        VERDICTS[verdict.word],
        "",
        *([f"- {_plain(reason)}" for reason in verdict.reasons] if verdict.word not in {"passed", "unjudged"} else []),
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


def junit(summary: Summary) -> str:
    """Return the checks as JUnit XML: failed → failure, no data or an invalid run → error."""
    cases = [_validity(summary), *(_case(summary, check) for check in summary.checks)]
    return suite_xml(Suite(f"jwtstorm.{summary.scenario}", cases, summary.started_utc))


def _validity(summary: Summary) -> Case:
    verdict = summary.verdict
    if verdict.word not in ("invalid", "interrupted"):
        return Case("the run is valid", summary.scenario)
    return Case("the run is valid", summary.scenario, "error", verdict.word, "\n".join(verdict.reasons))


def _case(summary: Summary, check: CheckResult) -> Case:
    if check.result == "passed":
        return Case(check.text, summary.scenario)
    outcome: Literal["failure", "error"] = "failure" if check.result == "failed" else "error"
    return Case(check.text, summary.scenario, outcome, check.result, check.sentence)
