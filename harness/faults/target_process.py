"""Faults of the target's process: it is killed, or it hangs."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.results.fault_events import Command


class TargetProcess(LabFault, registered=False):
    """What both share: the process of a target that the run started, and the two orders that are each other's undo."""

    into: ClassVar[str]
    back: ClassVar[str]

    def needs(self) -> frozenset[str]:
        """Return that the target's process must be one that the run started."""
        return frozenset({"process"})

    def holds(self) -> str:
        """Return what only one step may hold."""
        return "process of the target"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order that lets it serve again."""
        del site
        return (Command("process", self.back, {"name": "target"}),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Carry the order out."""
        del site
        return int(lab.do(Command("process", self.into, {"name": "target"}))["at_ns"])


@dataclass(frozen=True)
class RestartTarget(TargetProcess):
    """The target is killed, and started again on its port at the end of the step.

    Connections break at once. The new process knows nothing that chaos told the old one: its clock
    is right, and tokens that were expired or revoked before are good again.
    """

    into: ClassVar[str] = "kill"
    back: ClassVar[str] = "start"

    def text(self) -> str:
        """Return the line for people."""
        return "target is killed and comes back"

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask whether the process is gone."""
        del site
        return Reading(not lab.state("process")["target"]["alive"])


@dataclass(frozen=True)
class PauseTarget(TargetProcess):
    """The target hangs (SIGSTOP) until the end of the step; its connections stay open and say nothing."""

    into: ClassVar[str] = "pause"
    back: ClassVar[str] = "resume"

    def text(self) -> str:
        """Return the line for people."""
        return "target hangs"

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask whether the process is paused."""
        del site
        return Reading(bool(lab.state("process")["target"]["paused"]))
