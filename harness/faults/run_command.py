"""Run a command: a fault that is a program of the user's own, with the command that takes it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from harness.errors import UsageError
from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.placeholders import SECRETS
from harness.results.fault_events import Command
from harness.validation import positive

UNSAID = ("",)


@dataclass(frozen=True)
class RunCommand(LabFault):
    """A program of one's own is run at the start, and another one at the end takes back what it did.

    Both are lists of words, run without a shell, on the conductor's machine, for ``within_s`` at most each; what is
    due meanwhile waits. An exit code other than 0 is a problem of the run. The undo is in the journal before the
    command begins, and is run on every ending, by ``jwtstorm recover`` too: it must do no harm where the command did
    not get far, or where it is run twice. ``undo=None`` says that there is nothing to take back; the step has no end
    then. Secrets are written ``{{env NAME}}`` or ``{{file PATH}}``. What a command prints is in the run's folder.
    """

    command: Sequence[str]
    undo_command: Sequence[str] | None = UNSAID
    within_s: float = 30.0

    def needs(self) -> frozenset[str]:
        """Return that a program is run."""
        return frozenset({"command"})

    @property
    def instant(self) -> bool:  # type: ignore[override]
        """Tell whether it has no end, because there is nothing to take back."""
        return self.undo_command is None

    def text(self) -> str:
        """Return the line for people; words may hold what is nobody's business."""
        return f"{PurePath(self.command[0]).name} is run"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = _of_words("command", self.command)
        if self.undo_command == UNSAID:
            found.append("run_command: say what takes it back, undo_command=[…], or undo_command=None for nothing")
        elif self.undo_command is not None:
            found += _of_words("undo_command", self.undo_command)
        return found + positive("run_command", within_s=self.within_s)

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order that runs the undo."""
        return () if self.undo_command is None else (self._order(site, "undo", self.undo_command),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Run the command to its end."""
        return int(lab.do(self._order(site, "apply", self.command))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Tell whether the command ended well, and its undo has not been run."""
        told = lab.state("command").get(site.step, {})
        return Reading(
            bool(told.get("in_force")), {name: told[name] for name in ("exit_code", "took_s") if name in told}
        )

    def _order(self, site: Site, deed: str, words: Sequence[str]) -> Command:
        arguments = {"step": site.step, "deed": deed, "words": list(words), "within_s": self.within_s}
        return Command("command", "run", arguments)


def _of_words(name: str, words: Any) -> list[str]:
    listed = isinstance(words, list | tuple) and words and all(isinstance(word, str) for word in words)
    if not listed or not words[0].strip():
        return [f'run_command: {name}={words!r} is no list of words; write ["program", "argument"]']
    try:
        SECRETS.compile(list(words), f"run_command: {name}=")
    except UsageError as error:
        return [str(error)]
    return []
