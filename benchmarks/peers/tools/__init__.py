"""The tools that are compared: one file each, which registers itself by being defined.

A tool says how it is started and what its own output tells of latencies. Calls per CPU second are
nobody's own word: the target counts calls, the system CPU time.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import ClassVar

from benchmarks.peers.arena import BIN, Arena


@dataclass(frozen=True)
class Load:
    """What a tool is asked for: calls for ``for_s``, as fast as it can, or at ``per_s`` where that is given."""

    for_s: float
    per_s: float = 0.0


@dataclass(frozen=True)
class Reading:
    """What a tool itself says: calls, how many of them failed, and two percentiles of their latency."""

    calls: int
    failed: int
    p50_s: float
    p99_s: float


class Tool:
    """A load generator; the base of the registry."""

    name: ClassVar[str] = ""
    remark: ClassVar[str] = ""
    """What is different about it: told below the table."""
    killed: ClassVar[bool] = False
    """Whether a measurement without a rate ends it by force: its rows are on disk, and a report would take longer."""
    at_half_load: ClassVar[bool] = True
    """Whether one core of it makes half of what fifty callers can make of the known delays."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name:
            TOOLS[cls.name] = cls

    def __init__(self, arena: Arena) -> None:
        self.arena = arena

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part, or None."""
        return None

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started."""
        raise NotImplementedError

    def environ(self, load: Load) -> Mapping[str, str]:
        """Return what it needs in its environment."""
        del load
        return {}

    def reading(self, output: str) -> Reading:
        """Return what it said; ``output`` is its stdout. Raises `ValueError` where that is no result."""
        raise NotImplementedError


TOOLS: dict[str, type[Tool]] = {}


def binary(name: str) -> Path | None:
    """Return a tool that `make peers` built, or one on the path."""
    built = BIN / name
    found = built if built.exists() else shutil.which(name)
    return Path(found) if found else None


def built(name: str) -> str | None:
    """Return why a Go tool is not there, or None."""
    return None if binary(name) else f"{name} is not in {BIN}: make peers builds it where Go is present"


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
