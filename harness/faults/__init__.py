"""Faults: the base class, its two kinds of seam, and the registry.

One file per fault; a fault registers itself by being defined, and every module of this package is
loaded with it, so that adding one changes nothing else. Start, end and toxicity belong to the
timeline's step. A fault of the *environment* is applied by the conductor, journaled before it is
applied, and undone; a fault *per call* is pure and runs in the worker, one decision per attempt.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Literal, Protocol

from harness.endpoint.metadata import Metadata
from harness.errors import UsageError


@dataclass(frozen=True)
class Command:
    """One order to a part of the lab, as plain data: what an undo is made of.

    ``part`` is ``issuer``, ``target``, ``proxy``, ``process`` or ``clock``; ``action`` a method of that part's control.
    """

    part: str
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the command as JSON can hold it."""
        return {"part": self.part, "action": self.action, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Command":
        """Return the command that `to_json` wrote."""
        return cls(str(data["part"]), str(data["action"]), dict(data["arguments"]))


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


class Lab(Protocol):
    """What a fault of the environment may use: parts that carry out commands and tell their state."""

    def do(self, command: Command) -> Mapping[str, Any]:
        """Carry out a command; raises `harness.errors.LabError`.

        The answer holds ``at_ns``, the monotonic time at which it took effect.
        """

    def state(self, part: str) -> Mapping[str, Any]:
        """Return a part's state, read from it; for ``proxy:<name>`` that proxy's."""


class Forge(Protocol):
    """What makes bad credentials of good ones, as `harness.defects.forging.Forger` does."""

    def specimens(self, identity: str, good: str) -> Sequence[Any]:
        """Return what a row of the defect catalogue makes of a good token; nothing where it cannot."""


@dataclass(frozen=True)
class Surroundings:
    """What a scenario offers its faults.

    ``algorithm`` signs its tokens (empty where nobody knows); ``signs`` says whether the issuer's key is at hand,
    ``bearer`` whether tokens go as ``authorization: Bearer``.
    """

    algorithm: str = ""
    signs: bool = False
    bearer: bool = True


@dataclass(frozen=True)
class CallView:
    """What a per-call fault may know of an attempt."""

    method: str
    call_id: int
    attempt: int
    at_s: float
    """Seconds from zero at which the call was due."""
    draw: float = 0.0
    """A number in [0, 1) of the attempt's own, from the seed: for a fault that has a choice."""
    forge: "Forge | None" = None
    """What makes bad credentials of good ones."""


class Fault:
    """Base of all faults; the seams are identity here, and a fault overrides what it touches."""

    seat: ClassVar[Literal["environment", "call"]] = "environment"
    instant: ClassVar[bool] = False
    """Without width: it happens, and there is nothing to undo."""
    partial: ClassVar[bool] = False
    """Whether a toxicity below 1 means something."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        FAULTS[cls.name()] = cls

    @classmethod
    def name(cls) -> str:
        """Return the fault's name in files and reports: ``ExpireAll`` is ``expire_all``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def text(self) -> str:
        """Return one line that says what the fault does, for people."""
        raise NotImplementedError

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        return []

    def misfits(self, around: Surroundings) -> list[str]:
        """Return why the fault cannot act in a scenario, one sentence each with its way out."""
        del around
        return []

    def keyed(self) -> bool:
        """Tell whether the workers need the issuer's signing key for it."""
        return False

    def needs(self) -> frozenset[str]:
        """Return what the fault acts on.

        ``issuer``, ``target`` (the lab's own), ``clock``, ``process`` (the target's, the lab's or a launched one's),
        ``link:<name>``.
        """
        return frozenset()

    def holds(self) -> str | None:
        """Return the name of what only one step may hold at a time, such as ``clock of the issuer``."""
        return None

    def expects(self) -> tuple[str, ...]:
        """Return the statuses (names of gRPC's) that are right answers to the calls that it touches; empty: no probe.

        Calls touched by a fault that expects an answer are negative probes: they are counted apart, in no
        failure ratio, response time or recovery, are not sent again, and no good token is given up for them.
        """
        return ()

    def meters(self) -> tuple[Meter, ...]:
        """Return which lags are measured from its start."""
        return ()

    def settings(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def shortened(self, factor: float) -> "Fault":
        """Return the fault for a course of ``factor`` times the length; one that measures against lives adapts."""
        del factor
        return self

    # --- seam: environment -------------------------------------------------------------------

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return what takes the fault back, as data: written to the journal before `apply`."""
        del site
        return ()

    def apply(self, lab: Lab, site: Site) -> int:
        """Apply the fault; return the monotonic time in ns at which it took effect."""
        raise NotImplementedError

    def read(self, lab: Lab, site: Site) -> Reading:
        """Read back whether the fault is in force."""
        raise NotImplementedError

    def pulses_s(self) -> float | None:
        """Return how often the fault acts again while it is in force, in seconds; None: it acts once."""
        return None

    def pulse(self, lab: Lab, site: Site) -> int:
        """Act again; return the monotonic time in ns at which that took effect."""
        raise NotImplementedError

    # --- seam: per call ----------------------------------------------------------------------

    def on_call(self, call: CallView, delay_s: float) -> float:
        """Return how long the client holds the attempt back, in seconds."""
        del call
        return delay_s

    def on_clock(self, now_s: float, since_s: float) -> float:
        """Return the client's wall clock; ``since_s`` is the time since the step began."""
        del since_s
        return now_s

    def on_token(self, text: str, call: CallView) -> str:
        """Return the token's text as the call will send it, such as a defective one."""
        del call
        return text

    def on_metadata(self, metadata: Metadata, call: CallView) -> Metadata:
        """Return the call's metadata, token included."""
        del call
        return metadata

    def specimen(self, text: str, call: CallView) -> str:
        """Return what of its bad credentials a call gets instead of the good token ``text``, for the trace."""
        del text, call
        return ""

    def on_refresh(self, decision: str, *, before: bool) -> str:
        """Return the refresh policy's decision; ``before`` says the token is older than the step."""
        del before
        return decision


FAULTS: dict[str, type[Fault]] = {}
"""All faults by name; filled by their definition."""


def fault_from_json(name: str, settings: Mapping[str, Any]) -> Fault:
    """Return the fault that a run's files name.

    Raises `UsageError` for an unknown name, or a setting that is unknown or left out, and says which.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise UsageError(f"fault {name!r} is unknown; known are {', '.join(sorted(FAULTS))}")
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if strange := sorted(set(settings) - known):
        raise UsageError(f"{name}: setting {strange[0]!r} is unknown; known are {', '.join(sorted(known)) or 'none'}")
    try:
        return kind(**settings)
    except TypeError as error:
        raise UsageError(f"{name}: {str(error).partition(' ')[2]}; give {', '.join(sorted(known))}") from error


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"no fault is called {name}; known are {', '.join(sorted(c.__name__ for c in FAULTS.values()))}"
    )


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
globals().update({kind.__name__: kind for kind in FAULTS.values()})
