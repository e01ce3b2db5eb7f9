"""The page of a duel: the verdict first, then the pictures that show why it fell so.

Each picture is one file, registered by being defined; it draws from `harness.report.duel.sides.Sides`,
its title is the sentence of what it shows, and its numbers lie beside it as CSV.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from harness.report.duel.sides import Sides
from harness.report.pictures import Drawn

DrawDuel = Callable[[Sides], Drawn | None]


@dataclass(frozen=True)
class DuelPicture:
    """One picture of a duel's page; ``place`` orders them on it."""

    name: str
    place: int
    draw: DrawDuel


DUEL_PICTURES: dict[str, DuelPicture] = {}
"""Every picture by its name, which is the stem of its files."""


def duel_picture(name: str, place: int) -> Callable[[DrawDuel], DrawDuel]:
    """Register a picture; it returns None where there is nothing to show."""

    def register(draw: DrawDuel) -> DrawDuel:
        DUEL_PICTURES[name] = DuelPicture(name, place, draw)
        return draw

    return register


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
