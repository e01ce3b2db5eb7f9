"""The report's pictures: one file each, registered by being defined.

A picture is a function from a `Story` to a `Drawn`, or to None where there is nothing to show. Its
title is the sentence of what it shows, and the table behind it is written beside it as CSV.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import pandas as pd
from matplotlib.figure import Figure

from harness.report.story import Story


@dataclass(frozen=True)
class Drawn:
    """A picture with its words; ``title`` is a finding, ``caption`` how to read it, ``table`` the data behind it."""

    title: str
    caption: str
    figure: Figure
    table: pd.DataFrame


Draw = Callable[[Story], Drawn | None]


@dataclass(frozen=True)
class Picture:
    """One picture of the report; ``place`` orders them on the page."""

    name: str
    place: int
    draw: Draw


PICTURES: dict[str, Picture] = {}
"""Every picture by its name, which is the stem of its files."""


def picture(name: str, place: int) -> Callable[[Draw], Draw]:
    """Register a picture."""

    def register(draw: Draw) -> Draw:
        PICTURES[name] = Picture(name, place, draw)
        return draw

    return register


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
