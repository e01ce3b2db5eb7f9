"""Expire all, revoke all: every live token is turned away from one moment on."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.of_lab import LabControls, LabFault, Meter, Reading, Site
from harness.results.fault_events import Command


@dataclass(frozen=True)
class KilledTokens(LabFault, registered=False):
    """What both share: the issuer begins a new generation, and the verifier turns the old ones away.

    Tokens minted in between are of the new generation and live: no clock decides, so the edge is exact.
    """

    instant: ClassVar[bool] = True
    action: ClassVar[str]
    mark: ClassVar[str]
    """Where the verifier's state tells the last generation that it turns away."""

    def needs(self) -> frozenset[str]:
        """Return the parts that carry it out: both must be the lab's own."""
        return frozenset({"issuer", "target"})

    def ends_tokens(self) -> bool:
        """Tell that it does."""
        return True

    def apply(self, lab: LabControls, site: Site) -> int:
        """Begin a generation, then turn away all before it."""
        del site
        old = lab.do(Command("issuer", "new_generation"))["generation"]
        return int(lab.do(Command("target", self.action, {"generation": old}))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask both parts: the verifier must turn away all generations but the present one."""
        del site
        present = int(lab.state("issuer")["generation"])
        through = lab.state("target")[self.mark]
        return Reading(through is not None and int(through) == present - 1, {"generation": present})


@dataclass(frozen=True)
class ExpireAll(KilledTokens):
    """Every live token is rejected as expired from this moment; new ones are good."""

    action: ClassVar[str] = "expire_through"
    mark: ClassVar[str] = "expired_through"

    def text(self) -> str:
        """Return the line for people."""
        return "every live token expires at once"


@dataclass(frozen=True)
class RevokeAll(KilledTokens):
    """Every live token is rejected as revoked from this moment; new ones are good."""

    action: ClassVar[str] = "revoke_through"
    mark: ClassVar[str] = "revoked_through"

    def text(self) -> str:
        """Return the line for people."""
        return "every live token is revoked at once"

    def meters(self) -> tuple[Meter, ...]:
        """Return the lag of the revocation."""
        return (Meter("revocation", "let in"),)
