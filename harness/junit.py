"""JUnit XML, as CI servers read it: suites of cases, each good, failed, in error or skipped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

_FORBIDDEN = re.compile("[^\\u0009\\u000a\\u000d\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Source: XML 1.0, production 2."""


@dataclass(frozen=True)
class Case:
    """One case.

    ``outcome`` decides how CI counts it; ``message`` is shown in lists, ``text`` when the case is opened. A good case
    has no message: what it says is its output.
    """

    name: str
    classname: str
    outcome: Literal["good", "failure", "error", "skipped"] = "good"
    message: str = ""
    text: str = ""
    time_s: float | None = None


@dataclass(frozen=True)
class Suite:
    """Cases under one name; ``timestamp`` is their start in UTC, in ISO 8601."""

    name: str
    cases: Sequence[Case]
    timestamp: str = ""


def junit_xml(suites: Sequence[Suite], name: str) -> str:
    """Return a document of suites; characters that XML does not have become U+FFFD."""
    root = ET.Element("testsuites", name=_clean(name))
    root.extend(map(_suite, suites))
    return _document(root)


def suite_xml(suite: Suite) -> str:
    """Return a document of one suite."""
    return _document(_suite(suite))


def _document(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(suite: Suite) -> ET.Element:
    outcomes = [case.outcome for case in suite.cases]
    element = ET.Element("testsuite", name=_clean(suite.name))
    if suite.timestamp:
        element.set("timestamp", _clean(suite.timestamp))
    element.set("tests", str(len(outcomes)))
    for attribute, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(outcomes.count(outcome)))  # type: ignore[arg-type]
    element.extend(map(_case, suite.cases))
    return element


def _case(case: Case) -> ET.Element:
    element = ET.Element("testcase", name=_clean(case.name), classname=_clean(case.classname))
    if case.time_s is not None:
        element.set("time", f"{case.time_s:.6f}")
    if case.outcome != "good":
        inner = ET.SubElement(element, case.outcome, message=_clean(case.message))
        inner.text = _clean(case.text) or None
    elif case.text:
        ET.SubElement(element, "system-out").text = _clean(case.text)
    return element


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", str(text))
