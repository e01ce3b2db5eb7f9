"""A probe as JUnit XML: what must not be is a failure, what proves nothing an error, what was not asked skipped."""

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from harness.probe.result import Finding, Outcome, ProbeResult

_FORBIDDEN = re.compile("[^\\u0009\\u000a\\u000d\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Source: XML 1.0, production 2."""


def junit(result: ProbeResult) -> str:
    """Return the findings as JUnit XML, one suite per part."""
    suites = ET.Element("testsuites", name=_xml(f"jwtstorm probe {result.address}"))
    for part, group in groupby(sorted(result.findings, key=_part), key=_part):
        findings = list(group)
        suite = ET.SubElement(suites, "testsuite", name=f"jwtstorm.probe.{part}", timestamp=_xml(result.started_utc))
        for finding in findings:
            _case(suite, finding)
        suite.attrib |= {
            "tests": str(len(findings)),
            "failures": str(sum(one.failing for one in findings)),
            "errors": str(sum(one.outcome is Outcome.VOID for one in findings)),
            "skipped": str(sum(one.outcome is Outcome.NOT_CHECKED for one in findings)),
        }
    if result.partial:
        suite = ET.SubElement(suites, "testsuite", name="jwtstorm.probe", tests="1", failures="0", errors="1")
        case = ET.SubElement(suite, "testcase", name="the probe is whole", classname="probe")
        ET.SubElement(case, "error", message=_xml(result.partial))
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, finding: Finding) -> None:
    name = " ".join(filter(None, (finding.row, finding.subject, finding.variant, finding.replica)))
    case = ET.SubElement(suite, "testcase", name=_xml(name), classname=_xml(finding.method.strip("/") or finding.part))
    case.set("time", f"{finding.latency_s:.6f}")
    told = f"{finding.outcome}: expected {finding.expected or '-'}, seen {finding.seen or '-'}"
    more = _xml("\n".join(filter(None, (finding.text, finding.way_out, finding.source))))
    if finding.failing:
        ET.SubElement(case, "failure", message=_xml(told)).text = more
    elif finding.outcome is Outcome.VOID:
        ET.SubElement(case, "error", message=_xml(told)).text = more
    elif finding.outcome is Outcome.NOT_CHECKED:
        ET.SubElement(case, "skipped", message=_xml(finding.text))
    elif finding.found:
        ET.SubElement(case, "system-out").text = _xml(f"warning: {told}\n{more}")


def _part(finding: Finding) -> str:
    return finding.part.value


def _xml(text: str) -> str:
    return _FORBIDDEN.sub("�", str(text))
