"""The verdict as JUnit XML: worse is a failure, too noisy is skipped, not comparable is an error."""

from harness.comparison.result import Duel, FindingOfDuel
from harness.comparison.words import headline
from harness.junit import Case, Suite, junit_xml


def junit(duel: Duel) -> str:
    """Return a suite with one case per primary, and one for the duel as a whole."""
    cases = (_whole(duel), *(_case(duel, finding) for finding in duel.findings))
    return junit_xml([Suite(f"jwtstorm.duel.{duel.scenario}", cases, duel.started_utc)], headline(duel))


def _whole(duel: Duel) -> Case:
    if duel.word != "not comparable":
        return Case("comparable", f"duel.{duel.scenario}")
    reasons = duel.reasons or (headline(duel),)
    return Case("comparable", f"duel.{duel.scenario}", "error", reasons[0], "\n".join(reasons))


def _case(duel: Duel, finding: FindingOfDuel) -> Case:
    name, classname = finding.metric, f"duel.{duel.scenario}"
    if finding.word == "worse":
        return Case(name, classname, "failure", finding.sentence, headline(duel))
    if finding.word == "too noisy to tell":
        return Case(name, classname, "skipped", finding.sentence)
    return Case(name, classname, text=finding.sentence)
