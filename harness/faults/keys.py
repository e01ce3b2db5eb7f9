"""Key rotation in its steps: a key is published, signs, and is retired.

A rotation goes well in the order publish, rotate, retire, with time between; every other order, and
too little time, is a fault. None has an undo: keys move on.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.of_lab import LabControls, LabFault, Meter, Reading, Site
from harness.results.fault_events import Command


class KeyStep(LabFault, registered=False):
    """What the steps share: they happen once, and the issuer remembers which it has carried out."""

    instant: ClassVar[bool] = True
    action: ClassVar[str]

    def arguments(self) -> dict[str, Any]:
        """Return the control's arguments."""
        return {}

    def needs(self) -> frozenset[str]:
        """Return the part whose keys they are: it must be the lab's own."""
        return frozenset({"issuer"})

    def apply(self, lab: LabControls, site: Site) -> int:
        """Carry the step out, under its id."""
        return int(lab.do(Command("issuer", self.action, {**self.arguments(), "step": site.step}))["at_ns"])

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask the issuer for the steps that it carried out, and its keys."""
        keys = lab.state("issuer")["keys"]
        return Reading(site.step in keys["steps"], {"signs": keys["signs"], "published": keys["published"]})


@dataclass(frozen=True)
class PublishKey(KeyStep):
    """The issuer publishes the key that will sign next; where a hidden one signs already, that one."""

    action: ClassVar[str] = "publish_key"

    def text(self) -> str:
        """Return the line for people."""
        return "issuer publishes its next key"


@dataclass(frozen=True)
class RotateKeys(KeyStep):
    """The issuer signs with its next key from now on.

    With ``overlap`` the old key stays published until `RetireKey`; without, its tokens die with it.
    With ``publish`` the new key is published at this moment at the latest; without, it signs before
    anybody can know it, until `PublishKey`.
    """

    action: ClassVar[str] = "rotate"
    overlap: bool = True
    publish: bool = True

    def text(self) -> str:
        """Return the line for people."""
        old = "stays published" if self.overlap else "is gone"
        return f"issuer signs with a new key, the old one {old}" + ("" if self.publish else ", the new one is hidden")

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return [
            f"rotate_keys: {name}={getattr(self, name)!r} must be True or False"
            for name in ("overlap", "publish")
            if not isinstance(getattr(self, name), bool)
        ]

    def meters(self) -> tuple[Meter, ...]:
        """Return the lag of the new key, and that of the old one where it is gone at once."""
        new = Meter("new key", "turned away", "UNKNOWN_KEY")
        return (new,) if self.overlap else (new, Meter("removed key", "let in"))

    def ends_tokens(self) -> bool:
        """Tell that the old key's tokens die where it is gone at once."""
        return not self.overlap

    def arguments(self) -> dict[str, Any]:
        """Return both choices."""
        return {"overlap": self.overlap, "publish": self.publish}


@dataclass(frozen=True)
class RetireKey(KeyStep):
    """The issuer publishes its signing key only: keys that sign no more are gone, and their tokens with them."""

    action: ClassVar[str] = "retire_keys"

    def text(self) -> str:
        """Return the line for people."""
        return "issuer retires its old keys"

    def meters(self) -> tuple[Meter, ...]:
        """Return the lag of the removed keys."""
        return (Meter("removed key", "let in"),)
