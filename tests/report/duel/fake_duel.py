"""Whole duels of seeded runs: what the page is drawn from, without a lab."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.comparison.result import Duel, Side, write_duel
from harness.experiments.duel.evaluate import find
from harness.experiments.duel.ledger import PairEntry
from harness.results.run import read_run
from harness.results.summary import write_summary
from tests.fakes.duel_samples import SLUGS, ledger
from tests.fakes.run import FakeRun

SIDES: tuple[Side, Side] = ("base", "new")


def fake_duel(folder: Path, pairs: int = 8, new: Mapping[str, Any] | None = None, **every: Any) -> Duel:
    """Write a duel's folder of so many pairs; ``new`` changes the candidate's runs, ``every`` those of both builds.

    Runs differ by some percent from one to the next, as on a real host.
    """
    told = ledger(pairs)
    for entry in told.pairs:
        for side in entry.sides:
            settings = {**every, **((new or {}) if side == "new" else {})}
            entry = entry.with_run(side, _run(folder, entry, side, settings), "")  # noqa: PLW2901
        told = told.with_entry(entry)
    told = told.with_look(pairs, "told below", "2026-11-24T02:00:00+00:00")
    duel = find(folder, told.ended("complete"), SLUGS)
    write_duel(folder, duel)
    return duel


def _run(folder: Path, entry: PairEntry, side: Side, settings: dict[str, Any]) -> str:
    place = f"runs/expiry-storm/{side}-{SLUGS[side]}/{entry.number:02}"
    host = random.Random(f"{entry.number}/{side}").gauss(1, 0.02)
    slowness = settings.get("slowness", 1.0) * host
    fake = FakeRun(
        folder / place,
        **{**settings, "build": f"{side}-{SLUGS[side]}", "slowness": slowness, "seed": 10 * entry.number + len(side)},
    )
    run = read_run(fake.write())
    write_summary(run.path, summarise(run, merge(run)))
    return place
