"""A probe as a page in the report's style: one file that needs nothing else, the answer first."""

from harness.formatting import duration, number
from harness.probe.output.answer import exit_code, sentences, word
from harness.probe.output.groups import groups
from harness.probe.output.table import LOOKS, clock_line, merged
from harness.probe.result import Outcome, ProbeResult
from harness.report.page import MARKS, environment

_RESULTS = {"green": "passed", "bold red": "failed", "yellow": "invalid", "magenta": "invalid", "dim": "interrupted"}
"""The style sheet's class for each look of the terminal."""


def page(result: ProbeResult) -> str:
    """Return the probe's HTML; every foreign text in it is escaped."""
    unanswered = {Outcome.VOID, Outcome.NOT_CHECKED}
    return (
        environment()
        .get_template("probe.html")
        .render(
            result=result,
            word=word(result),
            marks=MARKS,
            exit_code=exit_code(result),
            sentences=sentences(result),
            facts=_facts(result),
            groups=groups(result),
            unanswered=merged(one for one in result.findings if one.outcome in unanswered),
            all=result.findings,
            clocks=[(clock, clock_line(clock)) for clock in result.clocks],
            signs={outcome: sign for outcome, (sign, _) in LOOKS.items()},
            classes={outcome: _RESULTS[look] for outcome, (_, look) in LOOKS.items()},
        )
    )


def _facts(result: ProbeResult) -> list[tuple[str, str, str]]:
    """Return the few numbers to see first: value, name, remark."""
    counts = result.counts()
    asked = len(result.findings) - counts[Outcome.NOT_CHECKED]
    methods = {one.method for one in result.findings if one.method}
    found = sum(one.found for one in result.findings)
    return [
        (number(asked), "questions", f"over {number(len(methods))} methods, in {duration(result.took_s)}"),
        (number(counts[Outcome.NAKED]), "naked", "calls that nothing guarded"),
        (number(counts[Outcome.FALSE_ACCEPT]), "false accepts", "bad tokens that were let in"),
        (number(counts[Outcome.CRASH_CODE]), "crash codes", "UNKNOWN, INTERNAL or DATA_LOSS"),
        (number(found - len(result.failing)), "worth a look", "wrong, and nobody gets in by it"),
        (number(counts[Outcome.VOID] + counts[Outcome.NOT_CHECKED]), "open", "not asked, or proving nothing"),
    ]
