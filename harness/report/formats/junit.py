"""JUnit: a run's checks in ``junit.xml``, for CI."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from harness.files import write_whole
from harness.junit import Case, Suite, suite_xml
from harness.report.beside import beside
from harness.report.formats import export_format
from harness.results.run import Run
from harness.results.summary import CheckResult, Summary


@export_format("junit", always=True)
def write(run: Run, summary: Summary) -> Sequence[Path]:
    """Write junit.xml, a test case per check, for what CI shows."""
    return [write_whole(run.path / "junit.xml", junit(summary))]


def junit(summary: Summary) -> str:
    """Return the checks as JUnit XML: failed → failure, no data or an invalid run → error."""
    cases = [_validity(summary), *(_case(summary, check) for check in summary.checks)]
    return suite_xml(Suite(f"jwtstorm.{summary.scenario}", cases, summary.started_utc))


def _validity(summary: Summary) -> Case:
    verdict = summary.verdict
    if verdict.word not in ("invalid", "interrupted"):
        return Case("the run is valid", summary.scenario, text="\n".join(beside(summary)))
    return Case("the run is valid", summary.scenario, "error", verdict.word, "\n".join(verdict.reasons))


def _case(summary: Summary, check: CheckResult) -> Case:
    if check.result == "passed":
        return Case(check.text, summary.scenario)
    outcome: Literal["failure", "error"] = "failure" if check.result == "failed" else "error"
    return Case(check.text, summary.scenario, outcome, check.result, check.sentence)
