"""Issuer down: nobody answers where tokens come from."""

from dataclasses import dataclass

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.results.fault_events import Command


@dataclass(frozen=True)
class IssuerDown(LabFault):
    """The issuer closes its port: token and key requests are refused, open connections are cut."""

    def text(self) -> str:
        """Return the line for people."""
        return "issuer is down"

    def needs(self) -> frozenset[str]:
        """Return the part that goes down: it must be the lab's own."""
        return frozenset({"issuer"})

    def holds(self) -> str:
        """Return the switch that only one step may hold."""
        return "switch of the issuer"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order to listen again."""
        del site
        return (Command("issuer", "set_down", {"down": False}),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Close the port."""
        del site
        return int(lab.do(Command("issuer", "set_down", {"down": True}))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask the issuer over its control port."""
        del site
        return Reading(bool(lab.state("issuer")["down"]))
