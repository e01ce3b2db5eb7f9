"""Early expiry: tokens live shorter than the issuer says."""

from dataclasses import dataclass, replace

from harness.faults.of_lab import Lab, LabFault, Reading, Site
from harness.results.fault_events import Command
from harness.validation import positive


@dataclass(frozen=True)
class EarlyExpiry(LabFault):
    """The issuer mints tokens that live ``life_s`` seconds, while ``expires_in`` names the usual life.

    A client that plans by ``expires_in`` holds dead tokens; one that reads ``exp`` refreshes more often.
    """

    life_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"new tokens live {self.life_s:g} s only"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("early_expiry", life_s=self.life_s)

    def shortened(self, factor: float) -> "EarlyExpiry":
        """Return a life in the same proportion to the usual one; claims are whole seconds."""
        return replace(self, life_s=max(1.0, round(self.life_s * factor)))

    def needs(self) -> frozenset[str]:
        """Return the part that mints: it must be the lab's own."""
        return frozenset({"issuer"})

    def holds(self) -> str:
        """Return the setting that only one step may change."""
        return "token life of the issuer"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order to mint the usual life again."""
        del site
        return (Command("issuer", "set_lifetime", {"life_s": None}),)

    def apply(self, lab: Lab, site: Site) -> int:
        """Shorten the life of what is minted from now on."""
        del site
        return int(lab.do(Command("issuer", "set_lifetime", {"life_s": self.life_s}))["at_ns"])

    def read(self, lab: Lab, site: Site) -> Reading:
        """Ask the issuer which life it mints."""
        del site
        state = lab.state("issuer")
        life_s = state["minted_lifetime_s"]
        # The life asked for may be the usual one: only the issuer knows that it was told to.
        return Reading(state["lifetime_moved"] and life_s == self.life_s, {"life_s": life_s})
