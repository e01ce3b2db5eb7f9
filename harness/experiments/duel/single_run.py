"""One run of a duel: ``jwtstorm run`` in a process of its own, and whether it can be used."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.comparison.result import Side
from harness.comparison.statistics.assess import candidate
from harness.comparison.statistics.guard import unusable
from harness.errors import LabError, RecordError, UsageError
from harness.experiments.duel.ledger import PairEntry
from harness.experiments.duel.prepared_build import Builder, PreparedBuild, last_words
from harness.subprocesses import run_to_its_end

INTERRUPTED = 130
USAGE = UsageError.exit_code
RUNS = "runs"
_ERROR = "/ERROR/jwtstorm: "
"""How a line of ours begins in a run's log that says what went wrong, after its time and host."""


@dataclass(frozen=True)
class FinishedRun:
    """What became of one run: its folder (relative to the duel's), and why it cannot be used, or nothing."""

    folder: str | None
    why: str = ""


MakeRun = Callable[[PairEntry, Side], FinishedRun]
"""Makes one run of a pair. Raises `KeyboardInterrupt` when it was cut short."""


@dataclass(frozen=True)
class RunMaker:
    """Makes runs of both builds; an instance is a `MakeRun`."""

    folder: Path
    """The duel's."""
    file: Path
    """The scenario's."""
    builders: Mapping[Side, Builder]
    labels: Mapping[Side, str]
    options: Sequence[str] = ()

    def __call__(self, entry: PairEntry, side: Side) -> FinishedRun:
        """Start the build's target, run the scenario against it, and look at what came of it."""
        try:
            with self.builders[side].standing() as standing:
                return self._run(entry, side, standing)
        except LabError as error:
            return FinishedRun(None, str(error))

    def _run(self, entry: PairEntry, side: Side, standing: PreparedBuild) -> FinishedRun:
        label = self.labels[side]
        before = self._folders(label)
        log = self.folder / f"pair-{entry.number:02}-{side}.log"
        code = run_to_its_end(self._command(label, standing), self._environ(standing), log)
        made = sorted(self._folders(label) - before)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if not made:
            if code == USAGE:
                raise UsageError(f"{label} cannot run at all; {last_words(log)}")
            return FinishedRun(None, f"{label}: no run was made (exit code {code}); {last_words(log)}")
        kept = str(made[-1].relative_to(self.folder))
        if code and not (made[-1] / "summary.json").exists():
            return FinishedRun(kept, f"{label}: the run did not begin; {complaint(log)}")
        return FinishedRun(kept, why_unusable(made[-1]))

    def _command(self, label: str, standing: PreparedBuild) -> list[str]:
        command = [*standing.jwtstorm, "run", str(self.file), "--headless", "--build", label]
        if standing.under_test:
            command += ["--under-test", standing.under_test]
        return [*command, *self.options]

    def _environ(self, standing: PreparedBuild) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("BUILD", "GITHUB_STEP_SUMMARY")}
        return {**kept, **standing.environ, "REPORTS": str(self.folder / RUNS)}

    def _folders(self, label: str) -> set[Path]:
        return {file.parent for file in (self.folder / RUNS).glob(f"*/{label}/*/run.json")}


def complaint(log: Path) -> str:
    """Return the last error that a run wrote into its log, else its last words."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    errors = [line.partition(_ERROR)[2] for line in lines if _ERROR in line]
    return f"{errors[-1][:500]} ({log})" if errors else last_words(log)


def why_unusable(run: Path) -> str:
    """Return why a run cannot be used in a comparison, or nothing."""
    try:
        return unusable(candidate(run)) or ""
    except RecordError as error:
        return str(error)
