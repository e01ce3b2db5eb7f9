"""The verdict as JUnit XML: worse is a failure, too noisy is skipped, not comparable is an error."""

import re
from xml.etree import ElementTree as ET

from harness.comparison.result import Duel, FindingOfDuel
from harness.comparison.words import headline

_FORBIDDEN = re.compile("[^\\u0009\\u000a\\u000d\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Source: XML 1.0, production 2."""


def junit(duel: Duel) -> str:
    """Return a suite with one case per primary, and one for the duel as a whole."""
    suite = ET.Element(
        "testsuite",
        name=_xml(f"jwtstorm.duel.{duel.scenario}"),
        timestamp=duel.started_utc,
        tests=str(len(duel.findings) + 1),
        failures=str(sum(one.word == "worse" for one in duel.findings)),
        errors=str(int(duel.word == "not comparable")),
        skipped=str(sum(one.word == "too noisy to tell" for one in duel.findings)),
    )
    whole = ET.SubElement(suite, "testcase", classname=_xml(f"duel.{duel.scenario}"), name="comparable")
    if duel.word == "not comparable":
        reasons = duel.reasons or (headline(duel),)
        ET.SubElement(whole, "error", message=_xml(reasons[0])).text = _xml("\n".join(reasons))
    for one in duel.findings:
        _case(suite, duel, one)
    suites = ET.Element("testsuites", name=_xml(headline(duel)))
    suites.append(suite)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, duel: Duel, one: FindingOfDuel) -> None:
    case = ET.SubElement(suite, "testcase", classname=_xml(f"duel.{duel.scenario}"), name=_xml(one.metric))
    if one.word == "worse":
        ET.SubElement(case, "failure", message=_xml(one.sentence)).text = _xml(headline(duel))
    elif one.word == "too noisy to tell":
        ET.SubElement(case, "skipped", message=_xml(one.sentence))
    else:
        ET.SubElement(case, "system-out").text = _xml(one.sentence)


def _xml(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", str(text))
