"""Faults of the lab: applied by the conductor, journaled before they are applied, and undone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from harness.faults.fault import Fault
from harness.results.fault_events import Command


@dataclass(frozen=True)
class Reading:
    """What the environment says of a fault when it is read back.

    ``active`` is whether the fault is in force; ``measured`` what was measured, for the journal.
    """

    active: bool
    measured: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """Where a step acts: its id, its toxicity, and the proxy's name of each link."""

    step: str
    toxicity: float = 1.0
    proxies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Meter:
    """A lag that is measured from a fault's start, out of the rows.

    ``until`` is ``turned away`` (the last verdict of ``cause``) or ``let in`` (the last time that a token from
    before the start is accepted).
    """

    of: str
    until: Literal["turned away", "let in"]
    cause: str = ""


class LabControls(Protocol):
    """What a fault of the environment may use: parts that carry out commands and tell their state."""

    def do(self, command: Command) -> Mapping[str, Any]:
        """Carry out a command; raises `harness.errors.LabError`.

        The answer holds ``at_ns``, the monotonic time at which it took effect.
        """

    def state(self, part: str) -> Mapping[str, Any]:
        """Return a part's state, read from it; for ``proxy:<name>`` that proxy's."""


class LabFault(Fault, registered=False):
    """A fault that parts of the lab carry out, by commands that are plain data."""

    seat: ClassVar[Literal["environment", "call"]] = "environment"

    def holds(self) -> str | None:
        """Return the name of what only one step may hold at a time, such as ``clock of the issuer``."""
        return None

    def meters(self) -> tuple[Meter, ...]:
        """Return which lags are measured from its start."""
        return ()

    def ends_tokens(self) -> bool:
        """Tell whether every token that was minted before its start is dead from then on, whatever its claims say."""
        return False

    def facts(self) -> dict[str, Any]:
        """Return the lags that are measured from its start, and whether it ends tokens."""
        meters = [asdict(meter) for meter in self.meters()]
        return {**({"meters": meters} if meters else {}), **({"ends_tokens": True} if self.ends_tokens() else {})}

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return what takes the fault back, as data: written to the journal before `apply`."""
        del site
        return ()

    def apply(self, lab: LabControls, site: Site) -> int:
        """Apply the fault; return the monotonic time in ns at which it took effect."""
        raise NotImplementedError

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Read back whether the fault is in force."""
        raise NotImplementedError

    def pulses_s(self) -> float | None:
        """Return how often the fault acts again while it is in force, in seconds; None: it acts once."""
        return None

    def pulse(self, lab: LabControls, site: Site) -> int:
        """Act again; return the monotonic time in ns at which that took effect."""
        raise NotImplementedError
