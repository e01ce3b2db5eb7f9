"""The parts of a probe, one file each, registered by being defined.

A part is an asynchronous generator over a `ProbeSession`: it yields what it finds as it finds it, so that this stands
when the rest cannot be. The first line of its docstring is what it asks, as ``jwtstorm probe --help`` tells it.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from harness.errors import UsageError
from harness.probe.parts.session import ProbeSession
from harness.probe.result import Piece
from harness.registry import Registry

Ask = Callable[[ProbeSession], AsyncIterator[Piece]]


@dataclass(frozen=True)
class ProbePart:
    """One part; ``place`` orders them, and ``headings`` are what its findings are about: its name, and others."""

    name: str
    place: int
    headings: tuple[str, ...]
    ask: Ask

    @property
    def text(self) -> str:
        """Return what it asks: the first line of its docstring."""
        return (self.ask.__doc__ or "").strip().partition("\n")[0]


PARTS: Registry[ProbePart] = Registry("part of a probe", "harness.probe.parts")


def part(name: str, place: int, *others: str) -> Callable[[Ask], Ask]:
    """Register a part, asked after those of a smaller ``place``; ``others`` are headings beside its name."""

    def register(ask: Ask) -> Ask:
        PARTS.add(name, ProbePart(name, place, (name, *others), ask))
        return ask

    return register


def in_order() -> list[ProbePart]:
    """Return all parts in the order in which they are asked: by the clock the later ones date their tokens."""
    return sorted(PARTS.values(), key=lambda part: part.place)


def headings() -> list[str]:
    """Return what findings can be about, in order."""
    return [heading for part in in_order() for heading in part.headings]


def wanted(names: Iterable[str]) -> frozenset[str]:
    """Return the headings that ``--only`` names, or all; raises `UsageError`."""
    given = frozenset(names)
    for name in sorted(given - set(headings())):
        raise UsageError(f"--only {name}: no part of a probe; give some of {', '.join(headings())}")
    return given or frozenset(headings())
