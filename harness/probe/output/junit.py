"""A probe as JUnit XML: what must not be is a failure, what proves nothing an error, what was not asked skipped."""

from collections.abc import Iterator
from itertools import groupby

from harness.junit import Case, Suite, junit_xml
from harness.probe.result import Finding, Outcome, ProbeResult


def junit(result: ProbeResult) -> str:
    """Return the findings as JUnit XML, one suite per part."""
    return junit_xml(list(_suites(result)), f"jwtstorm probe {result.address}")


def _suites(result: ProbeResult) -> Iterator[Suite]:
    for part, findings in groupby(sorted(result.findings, key=_part), key=_part):
        yield Suite(f"jwtstorm.probe.{part}", [_case(finding) for finding in findings], result.started_utc)
    if result.partial:
        yield Suite("jwtstorm.probe", [Case("the probe is whole", "probe", "error", result.partial)])


def _case(finding: Finding) -> Case:
    name = " ".join(filter(None, (finding.row, finding.subject, finding.variant, finding.replica)))
    classname = finding.method.strip("/") or finding.part
    unlike = finding.expected and finding.seen and finding.expected != finding.seen
    answer = f"{finding.outcome}{f': {finding.seen} instead of {finding.expected}' if unlike else ''}"
    more = "\n".join(filter(None, (finding.text, finding.way_out, finding.source)))
    if finding.failing:
        return Case(name, classname, "failure", answer, more, finding.latency_s)
    if finding.outcome is Outcome.VOID:
        return Case(name, classname, "error", answer, more, finding.latency_s)
    if finding.outcome is Outcome.NOT_CHECKED:
        return Case(name, classname, "skipped", finding.text, time_s=finding.latency_s)
    return Case(name, classname, text=f"warning: {answer}\n{more}" if finding.found else "", time_s=finding.latency_s)


def _part(finding: Finding) -> str:
    return finding.part
