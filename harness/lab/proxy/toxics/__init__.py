"""Toxics: what may happen to the bytes of one direction of one connection.

One file per toxic; a toxic registers itself by being defined, and every module of this package is
loaded with it. A toxic is frozen data, its attributes; its `Stage` does the work on a connection.
Attributes keep the API's names and units on the wire, and say their unit in their name here.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import Any, ClassVar

from harness.lab.proxy.stage import Budget, Stage

TOXICS: dict[str, type["Toxic"]] = {}
"""All toxics by the name of their type in the API; filled by their definition."""

MOST_MS = 2**31 - 1
MOST_BYTES = 2**53


def attribute(wire: str, unit: str, most: int = MOST_MS) -> Any:
    """Return a field for a whole number from 0 to ``most``, called ``wire`` in the API; default 0."""
    return field(default=0, metadata={"wire": wire, "unit": unit, "most": most})


@dataclass(frozen=True)
class Toxic:
    """Base of all toxics; subclasses name their type: ``class Latency(Toxic, kind="latency")``."""

    kind: ClassVar[str]
    resets_later_closes: ClassVar[bool] = False
    """In strict mode: every close of a connection that was opened under it is an RST."""
    closes_when_removed: ClassVar[bool] = False
    """In strict mode: its removal closes also the connections that it did not touch."""

    def __init_subclass__(cls, kind: str) -> None:
        cls.kind = kind
        TOXICS[kind] = cls

    @classmethod
    def wires(cls) -> Mapping[str, Field[int]]:
        """Return the attributes by their names in the API."""
        return {field.metadata["wire"]: field for field in fields(cls)}

    def attributes(self) -> dict[str, int]:
        """Return the attributes as the API shows them."""
        return {wire: getattr(self, field.name) for wire, field in self.wires().items()}

    def mistakes(self) -> list[str]:
        """Return what is wrong between attributes, one sentence each."""
        return []

    def stage(self, dice: Random, budget: Budget, now_s: float) -> Stage[Any]:
        """Return the toxic's work on one direction of one connection, from now on."""
        raise NotImplementedError


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
