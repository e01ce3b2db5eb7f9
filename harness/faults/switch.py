"""What faults share that are one switch of a part of the lab: thrown, read back, thrown back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from harness.faults.of_lab import Lab, LabFault, Reading, Site
from harness.results.fault_events import Command


class Switch(LabFault, registered=False):
    """One control of one part; a concrete fault says how it is thrown and how the part's state shows it.

    ``part`` is ``issuer`` or ``target``; ``action`` its control; ``rest`` that control's arguments at rest;
    ``thing`` what only one step may hold at a time.
    """

    part: ClassVar[str] = "issuer"
    action: ClassVar[str]
    rest: ClassVar[Mapping[str, Any]]
    thing: ClassVar[str]

    def arguments(self) -> dict[str, Any]:
        """Return the control's arguments while the fault is in force."""
        raise NotImplementedError

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the part's state says of the control, under the names of `arguments`."""
        return {name: state[name] for name in self.arguments()}

    def needs(self) -> frozenset[str]:
        """Return the part: it must be the lab's own."""
        return frozenset({self.part})

    def holds(self) -> str:
        """Return the control that only one step may hold."""
        return f"{self.thing} of the {self.part}"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order that puts the control at rest."""
        del site
        return (Command(self.part, self.action, dict(self.rest)),)

    def apply(self, lab: Lab, site: Site) -> int:
        """Throw the switch."""
        del site
        return int(lab.do(Command(self.part, self.action, self.arguments()))["at_ns"])

    def read(self, lab: Lab, site: Site) -> Reading:
        """Ask the part how the control stands."""
        del site
        shown = self.shown(lab.state(self.part))
        return Reading(shown == self.arguments(), shown)
