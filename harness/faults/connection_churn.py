"""Connection churn: all connections of a link are closed, again and again."""

from dataclasses import dataclass

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.faults.toxic import LINKS, link_command
from harness.results.fault_events import Command
from harness.validation import one_of, positive

_MARK = "noop"


@dataclass(frozen=True)
class ConnectionChurn(LabFault):
    """Close all connections of a link every ``every_s`` seconds, first at once; new ones are welcome.

    Clients see connections end with calls in flight, as by a balancer that is restarted. A proxy of TCP
    cannot close one gracefully: the server would have to say GOAWAY first (``grpc.max_connection_age_ms``).
    """

    link: str
    every_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link closes its connections every {self.every_s:g} s"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = one_of("connection_churn", "link", self.link, LINKS)
        return found + positive("connection_churn", every_s=self.every_s)

    def needs(self) -> frozenset[str]:
        """Return the link that must run through the proxy."""
        return frozenset({f"link:{self.link}"})

    def holds(self) -> str:
        """Return the switch: another step on it would open what this one closes, or the reverse."""
        return f"switch of the {self.link} link"

    def pulses_s(self) -> float:
        """Return how often the connections are closed."""
        return self.every_s

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the orders to drop the mark, and to listen, should a cut have been cut short."""
        return (
            link_command(site, "remove_toxic", self.link, toxic=site.step, missing_ok=True),
            link_command(site, "set_enabled", self.link, enabled=True),
        )

    def apply(self, lab: LabControls, site: Site) -> int:
        """Mark the link with a toxic that does nothing, so that the step can be read back, and cut."""
        mark = {"name": site.step, "kind": _MARK, "stream": "downstream", "attributes": {}}
        lab.do(link_command(site, "add_toxic", self.link, **mark))
        return self.pulse(lab, site)

    def pulse(self, lab: LabControls, site: Site) -> int:
        """Close all connections, as a proxy does that is switched off; the next order switches it on."""
        lab.do(link_command(site, "set_enabled", self.link, enabled=False))
        return int(lab.do(link_command(site, "set_enabled", self.link, enabled=True))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Look for the mark on the proxy."""
        toxics = lab.state(f"proxy:{site.proxies[self.link]}")["toxics"]
        return Reading(any(toxic["name"] == site.step for toxic in toxics))
