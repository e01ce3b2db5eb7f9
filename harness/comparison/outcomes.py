"""Outcomes: each run's own verdict, causes of failures that only one build has, and what to run next."""

import shlex
from collections.abc import Iterator, Sequence

from harness.formatting import cause_words, number, plural
from harness.results.summary import Summary

UNMEASURED = ("invalid", "interrupted")
"""Verdicts of runs that measured nothing that can be compared."""


def own_verdicts(labels: Sequence[str], summaries: Sequence[Summary]) -> Iterator[str]:
    """Yield each run's own verdict, with its first reason: ``v2 failed: p99 response time 400 ms, over 250 ms``."""
    for label, one in zip(labels, summaries, strict=True):
        first, *more = one.verdict.reasons or ("",)
        why = f": {first}" if first and one.verdict.word != "passed" else ""
        others = f" (and {plural(len(more), 'more reason')})" if why and more else ""
        yield f"{label} {one.verdict.word}{why}{others}"


def changed_causes(labels: Sequence[str], summaries: Sequence[Summary]) -> Iterator[str]:
    """Yield each cause of failed calls that a run has and the first one has not, or the other way round.

    Counted over the whole run. A run that measured nothing has no causes to hold against another's.
    """
    base = summaries[0]
    for label, other in zip(labels[1:], summaries[1:], strict=True):
        if base.verdict.word in UNMEASURED or other.verdict.word in UNMEASURED:
            continue
        before, after = base.cell("all").causes, other.cell("all").causes
        for name in (name for name in after if name not in before):
            yield _cause("new cause", name, after[name], label, labels[0])
        for name in (name for name in before if name not in after):
            yield _cause("cause gone", name, before[name], labels[0], label)


def next_command(labels: Sequence[str], summaries: Sequence[Summary], under_test: Sequence[str], *, alike: bool) -> str:
    """Return what to run now: a run that measured nothing again, else runs made alike, else a duel.

    ``under_test`` is what each run's ``--under-test`` said; empty where it ran what the scenario names.
    """
    scenario = shlex.quote(summaries[0].scenario)
    for label, one, build in zip(labels, summaries, under_test, strict=True):
        if one.verdict.word in UNMEASURED:
            asked = f" --under-test {shlex.quote(build)}" if build else ""
            command = f"jwtstorm run {shlex.quote(one.scenario)} --build {shlex.quote(one.build)}{asked}"
            return f"make {label} again: {command}"
    base, new = _builds(under_test)
    duel = f"jwtstorm duel {base} {new} --scenario {scenario}"
    return f"find out with pairs of runs: {duel}" if alike else f"make pairs of runs that are alike: {duel}"


def _builds(under_test: Sequence[str]) -> tuple[str, str]:
    """Return both builds as a duel is given them; where no run says what it ran, words to be replaced."""
    if not any(under_test[:2]):
        return "BASE", "NEW"
    base, new = (shlex.quote(build) if build else "lab" for build in under_test[:2])
    return base, new


def _cause(what: str, name: str, calls: int, has: str, has_not: str) -> str:
    return f"{what}, {cause_words(name).label} ({name}): {number(calls)} failed calls of {has}, none of {has_not}"
