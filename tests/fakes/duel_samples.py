"""Duels for the tests: a ledger with a plan, and a result as a real duel gives it."""

from collections.abc import Sequence
from pathlib import Path

from harness.comparison.result import Duel, Side
from harness.comparison.statistics.assess import Assessment
from harness.comparison.statistics.causes import cause_findings
from harness.comparison.statistics.looks import Look, LookPlan
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.pairs import Pair
from harness.comparison.statistics.secondary import asides
from harness.comparison.statistics.verdict import judge
from harness.experiments.duel.evaluate import find
from harness.experiments.duel.ledger import DuelLedger

SLUGS: dict[Side, str] = {"base": "old", "new": "new"}


def ledger(pairs: int = 3, seed: int = 5, looks: Sequence[Look] = ()) -> DuelLedger:
    """Return the ledger of a duel before its first run."""
    plan = LookPlan("trial", tuple(looks) or (Look(pairs, 0.05),))
    return DuelLedger.begin(
        seed, plan, scenario="trial", file="trial.py", base="lab", new="lab:work_s=0.1",
        started_utc="2026-11-24T01:00:00+00:00",
    )  # fmt: skip


def fought(monkeypatch: object, folder: Path, pairs: tuple[Pair, ...]) -> Duel:
    """Return the result of a duel whose runs gave these pairs."""
    look = Look(len(pairs), 0.05)
    found = Assessment(judge(pairs, Matters(), look), pairs, asides(pairs), cause_findings(pairs))
    monkeypatch.setattr("harness.experiments.duel.evaluate.assess_at", lambda *_: found)  # type: ignore[attr-defined]
    told = ledger(len(pairs))
    for entry in told.pairs:
        for side in entry.sides:
            entry = entry.with_run(side, f"runs/trial/{side}/{entry.number}", "")  # noqa: PLW2901
        told = told.with_entry(entry)
    told = told.with_look(look.pairs, found.verdict.word, "2026-11-24T02:00:00+00:00")
    return find(folder, told.ended("complete"), SLUGS)
