"""Assess: from the folders of paired runs to the verdict, the pairs behind it, and what stands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.comparison.statistics.causes import CauseFinding, cause_findings
from harness.comparison.statistics.guard import Candidate, differing, load_not_sustained, unusable
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.matters import Matters, matters_of
from harness.comparison.statistics.measure import measure_run
from harness.comparison.statistics.pairs import Order, Pair
from harness.comparison.statistics.secondary import Aside, asides
from harness.comparison.statistics.verdict import BuildVerdict, judge, not_comparable
from harness.errors import RecordError
from harness.results.run import read_run
from harness.results.summary import read_summary


@dataclass(frozen=True)
class PairedRuns:
    """The folders of one pair; None for a run that was never made, with the reason in ``missing``."""

    number: int
    order: Order
    base: Path | None
    new: Path | None
    missing: str = ""


@dataclass(frozen=True)
class Assessment:
    """A verdict with its evidence."""

    verdict: BuildVerdict
    pairs: tuple[Pair, ...] = ()
    """The pairs that count."""
    asides: tuple[Aside, ...] = ()
    causes: tuple[CauseFinding, ...] = ()


def assess(paired: Sequence[PairedRuns], look: Look) -> Assessment:
    """Return what the runs say at a look; a pair that cannot be used is set aside by name, never averaged away.

    What matters is read from the runs themselves, where the scenario wrote it before them.
    """
    usable: list[tuple[PairedRuns, Candidate, Candidate]] = []
    set_aside: list[str] = []
    for one in paired:
        found = _candidates(one)
        if isinstance(found, str):
            set_aside.append(f"pair {one.number}: {found}")
        else:
            usable.append((one, *found))
    runs = [run for _, base, new in usable for run in (base, new)]
    if unlike := differing(runs) if runs else ():
        return Assessment(not_comparable(look, [str(field) for field in unlike]))
    if short := load_not_sustained(runs):
        return Assessment(not_comparable(look, [f"load not sustained: {sentence}" for sentence in short]))
    matters = matters_of(runs[0].summary.comparable) if runs else Matters()
    pairs, unread = _measured([one for one, _, _ in usable], matters)
    return Assessment(judge(pairs, matters, look, [*set_aside, *unread]), pairs, asides(pairs), cause_findings(pairs))


def candidate(path: Path) -> Candidate:
    """Return a run as the guard sees it.

    Raises `RecordError` where ``run.json`` or ``summary.json`` is missing.
    """
    run, summary = read_run(path), read_summary(path)
    versions = run.data.get("versions") or {}
    return Candidate(f"{summary.build} {summary.run}", summary, str(versions.get("jwtstorm")))


def _candidates(one: PairedRuns) -> tuple[Candidate, Candidate] | str:
    """Return both runs of a pair, or why the pair cannot be used."""
    if one.base is None or one.new is None:
        return one.missing or f"the {'baseline' if one.base is None else 'candidate'} made no run"
    try:
        base, new = candidate(one.base), candidate(one.new)
    except RecordError as error:
        return str(error)
    reasons = [reason for run in (base, new) if (reason := unusable(run))]
    return "; ".join(reasons) if reasons else (base, new)


def _measured(usable: Sequence[PairedRuns], matters: Matters) -> tuple[tuple[Pair, ...], list[str]]:
    """Return the pairs with their values, and the reasons of those whose series cannot be read."""
    pairs, unread = [], []
    for one in usable:
        try:
            pairs.append(_pair(one, matters))
        except RecordError as error:
            unread.append(f"pair {one.number}: {error}")
    return tuple(pairs), unread


def _pair(one: PairedRuns, matters: Matters) -> Pair:
    if one.base is None or one.new is None:
        raise ValueError(f"pair {one.number} lacks a run; assess sets it aside")
    return Pair(one.number, one.order, measure_run(one.base, matters), measure_run(one.new, matters))
