"""What the faults of the network share: one toxic on one named link."""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.results.fault_events import Command
from harness.validation import one_of

LINKS = ("target", "issuer", "jwks")
DIRECTIONS = ("upstream", "downstream")


def link_command(site: Site, action: str, link: str, **arguments: Any) -> Command:
    """Return an order to the proxy of a link."""
    return Command("proxy", action, {"proxy": site.proxies[link], **arguments})


@dataclass(frozen=True)
class ToxicFault(LabFault, registered=False):
    """The settings of a toxic, and its way in and out; a concrete fault adds `kind` and `attributes`.

    Toxicity is drawn once per connection: one gRPC channel is one connection.
    """

    partial: ClassVar[bool] = True
    kind: ClassVar[str]
    link: str

    def attributes(self) -> dict[str, int]:
        """Return the toxic's attributes in Toxiproxy's units."""
        raise NotImplementedError

    def direction(self) -> str:
        """Return which stream the toxic touches."""
        return "downstream"

    def link_mistakes(self, what: str) -> list[str]:
        """Return what is wrong with the link and the direction."""
        return one_of(what, "link", self.link, LINKS) + one_of(what, "toward", self.direction(), DIRECTIONS)

    def needs(self) -> frozenset[str]:
        """Return the link that must run through the proxy."""
        return frozenset({f"link:{self.link}"})

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the removal of the toxic."""
        return (link_command(site, "remove_toxic", self.link, toxic=site.step, missing_ok=True),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Add the toxic, named after the step."""
        command = link_command(
            site,
            "add_toxic",
            self.link,
            name=site.step,
            kind=self.kind,
            stream=self.direction(),
            toxicity=site.toxicity,
            attributes=self.attributes(),
        )
        return int(lab.do(command)["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Look for the toxic on the proxy."""
        toxics = lab.state(f"proxy:{site.proxies[self.link]}")["toxics"]
        found = [toxic for toxic in toxics if toxic["name"] == site.step]
        return Reading(bool(found), found[0]["attributes"] if found else {})
