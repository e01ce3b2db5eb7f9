"""The report's small texts: ``report.md`` for a pull request and ``junit.xml`` for CI."""

import re
from xml.etree import ElementTree as ET

from harness.formatting import duration, number, percent
from harness.report.page import MARKS
from harness.report.why import VERDICTS, why
from harness.results.summary import Summary

MOST_LETTERS = 60_000
"""What fits a comment of a pull request."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold. Source: XML 1.0, section 2.2."""


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
    verdict = summary.verdict
    run_bad = verdict.word in ("invalid", "interrupted")
    suite = ET.Element("testsuite", name=_xml(f"jwtstorm.{summary.scenario}"), timestamp=_xml(summary.started_utc))
    run = ET.SubElement(suite, "testcase", name="the run is valid", classname=_xml(summary.scenario))
    if run_bad:
        ET.SubElement(run, "error", message=_xml(verdict.word)).text = _xml("\n".join(verdict.reasons))
    for check in summary.checks:
        case = ET.SubElement(suite, "testcase", name=_xml(check.text), classname=_xml(summary.scenario))
        if check.result != "passed":
            kind = "failure" if check.result == "failed" else "error"
            ET.SubElement(case, kind, message=_xml(check.result)).text = _xml(check.sentence)
    failures = sum(check.result == "failed" for check in summary.checks)
    errors = run_bad + sum(check.result == "no data" for check in summary.checks)
    suite.attrib |= {"tests": str(1 + len(summary.checks)), "failures": str(failures), "errors": str(errors)}
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    return _FORBIDDEN.sub("�", str(text))
