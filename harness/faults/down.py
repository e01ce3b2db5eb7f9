"""Down: a link refuses connections."""

from dataclasses import dataclass

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.faults.toxic import LINKS, link_command
from harness.results.fault_events import Command
from harness.validation import one_of


@dataclass(frozen=True)
class Down(LabFault):
    """Close a link's listener and all its connections: new ones are refused."""

    link: str

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link is down"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return one_of("down", "link", self.link, LINKS)

    def needs(self) -> frozenset[str]:
        """Return the link that must run through the proxy."""
        return frozenset({f"link:{self.link}"})

    def holds(self) -> str:
        """Return the switch: two steps would take each other's back."""
        return f"switch of the {self.link} link"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order to listen again."""
        return (link_command(site, "set_enabled", self.link, enabled=True),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Stop listening."""
        return int(lab.do(link_command(site, "set_enabled", self.link, enabled=False))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask the proxy whether it listens."""
        return Reading(active=not lab.state(f"proxy:{site.proxies[self.link]}")["enabled"])
