"""Whole runs: what each scenario said on its full course, out of the folders of runs that have ended.

A table of evidence, and so of every run: the newest one speaks, and those before it are counted by their verdicts.
What has no answer yet can be run from here; a scenario that failed has its answer, and is not run until it passes.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RunError
from harness.formatting import duration
from harness.proof.markers import write_between
from harness.proof.storms import Storm
from harness.results.run import Run, read_run
from harness.results.summary import Summary, read_summary
from harness.scenario import catalogue
from harness.subprocesses import run_to_its_end

BEGIN, END = "<!-- whole runs: begin -->", "<!-- whole runs: end -->"
NO_ANSWER = {"invalid", "interrupted"}
"""Verdicts of runs that say nothing of their target."""
OF_YOURS = "any"
"""The scenario that needs a target of your own."""


@dataclass(frozen=True)
class WholeRun:
    """One run on its full course, on the right target with right clients."""

    run: Run
    summary: Summary

    @property
    def scenario(self) -> str:
        """Return the scenario's name."""
        return self.run.path.parent.parent.name

    @property
    def word(self) -> str:
        """Return the verdict in one word."""
        return self.summary.verdict.word

    def decided(self) -> str:
        """Return the sentences that decided: of an invalid run the first reason why it is, else as a storm's."""
        if self.word not in {"passed", "failed"}:
            return " ".join(self.summary.verdict.reasons[:1])
        return Storm(self.scenario, "", frozenset(), self.summary).decided()


def whole_runs(reports: Path, build: str) -> list[WholeRun]:
    """Return the whole runs of a build that have ended, by scenario and then oldest first.

    Raises `RunError` where there are none.
    """
    folders = sorted(path.parent for path in reports.glob(f"*/{build}/*/summary.json"))
    runs = [WholeRun(read_run(folder), read_summary(folder)) for folder in folders]
    if found := [one for one in runs if _whole(one.run)]:
        return found
    raise RunError(f"{reports} has no whole run of the build {build!r}; make some: jwtstorm run NAME --build {build}")


def unanswered(reports: Path, build: str) -> list[str]:
    """Return the scenarios that the lab can serve and that have no whole run with an answer yet."""
    try:
        words = {name: one.word for name, one in newest(whole_runs(reports, build)).items()}
    except RunError:
        words = {}
    names = [entry.about.name for entry in catalogue.entries() if entry.about.name != OF_YOURS]
    return [name for name in names if words.get(name, "invalid") in NO_ANSWER]


def run_whole(names: Sequence[str], build: str, reports: Path) -> Iterator[tuple[str, int]]:
    """Run scenarios on their full course, one after another; yield each with its exit code. Logs lie by the runs."""
    reports.mkdir(parents=True, exist_ok=True)
    for name in names:
        command = [sys.executable, "-m", "harness.cli", "run", name, "--headless", "--build", build]
        environ = {**os.environ, "REPORTS": str(reports)}
        yield (
            name,
            run_to_its_end([*command, "--transport", "grpcio"], environ, reports / f"{Path(name).stem}-{build}.log"),
        )


def newest(runs: Sequence[WholeRun]) -> dict[str, WholeRun]:
    """Return the newest run of each scenario."""
    return {one.scenario: one for one in runs}


def page(runs: Sequence[WholeRun]) -> str:
    """Return the table as Markdown, a line for each scenario."""
    table = ["| scenario | length | verdict | exit code | the number that decided | machine's load | runs before |"]
    table.append("|---|---|---|---|---|---|---|")
    newest_of = newest(runs)
    for name, one in newest_of.items():
        before = Counter(other.word for other in runs if other.scenario == name and other is not one)
        words = ", ".join(f"{count} {word}" for word, count in before.items()) or "none"
        busy = dict(one.run.data.get("host") or {}).get("load_1min")
        machine = "not known" if busy is None else f"{float(busy):.1f}"
        length, code = duration(one.summary.duration_s), one.summary.verdict.exit_code
        table.append(f"| `{name}` | {length} | {one.word} | {code} | {one.decided()} | {machine} | {words} |")
    passed = sum(one.word == "passed" for one in newest_of.values())
    table.append(f"\n{passed} of {len(newest_of)} scenarios passed on their full course.")
    return "\n".join(table)


def write_into(document: Path, runs: Sequence[WholeRun]) -> None:
    """Put the table between its marks of a document; raises `RunError` where it has none."""
    write_between(document, BEGIN, END, page(runs))


def _whole(run: Run) -> bool:
    """Tell whether a run was neither shortened nor had a defect let loose in it."""
    lab = dict(run.data.get("lab") or {})
    return not (run.data.get("scale") or run.data.get("clients") or lab.get("zoo"))
