"""The dose: a toxic put on one direction of a proxy, under a name, with a toxicity."""

from dataclasses import dataclass, replace
from typing import Any

from harness.lab.proxy.connection import PeerStream
from harness.lab.proxy.dice import Dice
from harness.lab.proxy.toxics import Toxic


@dataclass(frozen=True)
class Dose:
    """What the API calls a toxic.

    ``stream`` is the direction as it was typed. ``serial`` is the place in the chain; it and
    ``edits`` name the draw of toxicity.
    """

    name: str
    stream: str
    toxicity: float
    toxic: Toxic
    serial: int = 0
    edits: int = 0

    @property
    def direction(self) -> PeerStream:
        """Return the direction that the dose touches."""
        return PeerStream(self.stream.lower())

    def to_json(self) -> dict[str, Any]:
        """Return the dose as the API shows it."""
        whole = self.toxicity == int(self.toxicity)
        return {
            "attributes": self.toxic.attributes(),
            "name": self.name,
            "type": self.toxic.kind,
            "stream": self.stream,
            "toxicity": int(self.toxicity) if whole else self.toxicity,
        }

    def placed(self, serial: int) -> "Dose":
        """Return the dose at its place in the chain."""
        return replace(self, serial=serial)

    def changed(self, toxic: Toxic, toxicity: float, *, redraw: bool) -> "Dose":
        """Return the dose after an edit; ``redraw`` makes every connection draw anew."""
        return replace(self, toxic=toxic, toxicity=toxicity, edits=self.edits + redraw)

    def touches(self, dice: Dice, connection: int) -> bool:
        """Return whether the dose touches a connection: one draw per dose and connection, for good.

        A higher toxicity keeps the connections that it touches and adds others.
        """
        return dice.share("toxicity", self.serial, self.edits, connection) < self.toxicity
