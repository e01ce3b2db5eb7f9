"""Storms as mutation tests: each scenario against the right target and clients, and against what it hunts.

An animal is killed where exactly the checks fail that the scenario's ``hunts`` claim. Runs are headless, and short.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.checks import label_of
from harness.errors import HarnessError, RunError
from harness.proof.markers import read_between, write_between
from harness.results.problem import ProblemKind
from harness.results.run import find_run
from harness.results.summary import CheckResult, Summary, read_summary
from harness.scenario import catalogue
from harness.subprocesses import run_to_its_end

MOST_TRIES = 2
"""A busy machine makes a run invalid; it is tried once more."""
BEGIN, END = "<!-- storms: begin -->", "<!-- storms: end -->"
RIGHT, KILLED = "right", "killed"
_LINE = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| (.*) \|$", re.MULTILINE)


class Line(NamedTuple):
    """One line of the table."""

    scenario: str
    animal: str
    """`RIGHT` for the right target and clients."""
    verdict: str
    decided: str


@dataclass(frozen=True)
class Storm:
    """One run: ``animal`` is empty for the right target and clients."""

    scenario: str
    animal: str
    claimed: frozenset[str]
    summary: Summary

    @property
    def failed(self) -> dict[str, CheckResult]:
        """Return the checks that failed, by label."""
        return {label_of(one.check): one for one in self.summary.checks if one.result == "failed"}

    @property
    def as_claimed(self) -> bool:
        """Tell whether exactly the claimed checks failed, and the right one's run is valid."""
        valid = bool(self.animal) or self.summary.verdict.word == "passed"
        return valid and set(self.failed) == self.claimed

    @property
    def verdict(self) -> str:
        """Return the verdict in one word."""
        if not self.animal:
            return self.summary.verdict.word
        return KILLED if self.as_claimed else "ALIVE"

    @property
    def line(self) -> Line:
        """Return its line of the table."""
        return Line(self.scenario, self.animal or RIGHT, self.verdict, self.decided())

    def decided(self) -> str:
        """Return the sentences that decided: of what failed, else of the check that came nearest to its limit."""
        if self.failed:
            return " ".join(one.sentence for one in self.failed.values())
        judged = [one for one in self.summary.checks if one.value is not None and one.limit]
        nearest = max(judged, key=lambda one: (one.value or 0.0) / one.limit, default=None)
        return nearest.sentence if nearest else " ".join(self.summary.verdict.reasons[:1])


def run_storms(names: Sequence[str]) -> Iterator[Storm]:
    """Run scenarios (all with a hunt, where none is named), each right and with each animal that it hunts."""
    for path in [catalogue.find(name) for name in names] or [entry.path for entry in catalogue.entries()]:
        hunts = {animal: frozenset(labels) for animal, labels in catalogue.inspect(path)["hunts"].items()}
        if not hunts and not names:
            continue
        for animal, claimed in [("", frozenset[str]()), *hunts.items()]:
            yield _tried(path, animal, claimed)


def page(lines: Sequence[Line]) -> str:
    """Return the table and the kill rate, as Markdown."""
    table = ["| scenario | target or client | verdict | the number that decided |", "|---|---|---|---|"]
    table += [f"| `{one.scenario}` | {one.animal} | {one.verdict} | {one.decided} |" for one in lines]
    hunted = [one for one in lines if one.animal != RIGHT]
    right = [one for one in lines if one.animal == RIGHT]
    killed = sum(one.verdict == KILLED for one in hunted)
    rate = killed / len(hunted) if hunted else 0.0
    table.append(
        f"\nKilled {killed} of {len(hunted)} ({rate:.0%}); {sum(one.verdict == 'passed' for one in right)} of "
        f"{len(right)} scenarios pass on the right target and clients."
    )
    return "\n".join(table)


def write_into(document: Path, lines: Sequence[Line]) -> None:
    """Put a table between the marks of a document; lines of other scenarios that stand there stay.

    Raises `RunError` where it has no marks.
    """
    fresh = {one.scenario for one in lines}
    standing = [Line(*found) for found in _LINE.findall(read_between(document, BEGIN, END))]
    kept = [one for one in standing if one.scenario not in fresh]
    whole = sorted([*kept, *lines], key=lambda one: one.scenario)
    write_between(document, BEGIN, END, page(whole))


def _tried(path: Path, animal: str, claimed: frozenset[str]) -> Storm:
    storm = _run(path, animal, claimed)
    for _ in range(MOST_TRIES - 1):
        if storm.as_claimed or not storm.summary.has_problem(ProblemKind.SATURATED):
            break
        storm = _run(path, animal, claimed)
    return storm


def _run(path: Path, animal: str, claimed: frozenset[str]) -> Storm:
    """Run once in a folder of its own; raises `RunError` where the run left no summary."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness.cli", "run", str(path), "--headless", "--short", "--build", "storm"]
        command += ["--zoo", animal] if animal else []
        log = Path(folder) / "output.log"
        run_to_its_end(command, {**os.environ, "REPORTS": folder}, log)
        try:
            summary = read_summary(find_run("storm", Path(folder)))
        except (HarnessError, json.JSONDecodeError) as error:
            said = log.read_text(errors="replace").strip()[-500:]
            raise RunError(f"{path.stem} with {animal or 'nothing'}: no result; {said}") from error
    return Storm(path.stem.replace("_", "-"), animal, claimed, summary)
