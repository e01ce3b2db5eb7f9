"""The events of a run's fault journal, one class each; ``event`` in the file is the name of its class, without "Event".

A fault's life: ``planned``, ``applying`` (with its undo), ``applied``, ``verified``, ``measured``, ``undoing``,
``undone``, ``verified``. "Could not" is an event of its own, ``failed``. Times are seconds from zero (``_s``) and
readings of the monotonic clock (``_ns``). An act takes time: what it does may be felt from ``applying`` on, and until
the ``verified`` after ``undone``. Journals of older builds do not tell these moments (None). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

Deed = Literal["apply", "undo", "recover"]
"""What was tried."""


@dataclass(frozen=True)
class Command:
    """One order to a part of the lab, as plain data: what an undo is made of.

    ``part`` is ``issuer``, ``target``, ``proxy``, ``process``, ``clock`` or ``command``; ``action`` a method of
    that part's control.
    """

    part: str
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class NotedProcess(Struct, frozen=True, omit_defaults=True):
    """A process that may outlive the conductor; its start tells it from a later one with the same pid."""

    pid: int
    started_ticks: int
    name: str = ""
    group: bool = False
    """Whether it leads a group of processes, which end with it."""


class NotedProxy(Struct, frozen=True, omit_defaults=True):
    """What stands on the links: ``kind`` is empty where a scenario has none, ``url`` is a foreign Toxiproxy's."""

    kind: str = ""
    url: str | None = None


class Event(Struct, frozen=True, kw_only=True, tag_field="event", tag=lambda name: name.removesuffix("Event").lower()):
    """One line of the journal, which sets ``utc``."""

    utc: str = ""

    @classmethod
    def name(cls) -> str:
        """Return what the file calls it."""
        return str(cls.__struct_config__.tag)


class StepEvent(Event, frozen=True, kw_only=True):
    """Something that became of one step of the timeline."""

    step: str
    fault: str
    seat: str


class LabEvent(Event, frozen=True, kw_only=True):
    """What `jwtstorm recover` must know: written before the lab starts, and again when it is there."""

    conductor: NotedProcess
    children: tuple[NotedProcess, ...] = ()
    proxy: NotedProxy = NotedProxy()
    proxies: dict[str, str] = {}
    """The name of the proxy of each link."""


class PlannedEvent(StepEvent, frozen=True, kw_only=True):
    """An edge that lies ahead."""

    edge: Literal["start", "end"]
    plan_s: float


class ApplyingEvent(StepEvent, frozen=True, kw_only=True):
    """A step that is about to be applied from ``at_s`` on, and what takes it back."""

    plan_s: float
    at_s: float | None = None
    undo: tuple[Command, ...] = ()


class AppliedEvent(StepEvent, frozen=True, kw_only=True):
    """A step that is in force from ``at_s`` on."""

    plan_s: float
    at_ns: int
    at_s: float


class PulsedEvent(StepEvent, frozen=True, kw_only=True):
    """A step in force that acted once more."""

    plan_s: float
    at_ns: int
    at_s: float


class VerifiedEvent(StepEvent, frozen=True, kw_only=True):
    """What was read back after a step was applied, or undone; ``at_s`` is when the answer was there."""

    active: bool
    at_s: float | None = None
    reading: dict[str, Any] = {}
    """What the fault measured, in its own words."""


class MeasuredEvent(StepEvent, frozen=True, kw_only=True):
    """What was read once more at a step's end, before its undo."""

    active: bool
    reading: dict[str, Any] = {}


class UndoingEvent(StepEvent, frozen=True, kw_only=True):
    """A step that is about to be taken back from ``at_s`` on; ``plan_s`` is None where the run ends before its plan."""

    plan_s: float | None
    at_s: float | None = None


class UndoneEvent(StepEvent, frozen=True, kw_only=True):
    """A step that was over at ``at_s``."""

    plan_s: float | None
    at_ns: int
    at_s: float


class FailedEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something that could not be done; in a recovery it may belong to no step."""

    step: str | None = None
    fault: str = ""
    seat: str = ""
    phase: Deed
    text: str


class RecoveredEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something that `jwtstorm recover` took back."""

    step: str | None = None
    text: str
    proxy: str = ""
    """The proxy that was deleted."""

    @property
    def deleted(self) -> str:
        """Return the proxy that was deleted, or nothing; older journals tell it in the text alone."""
        words = self.text.split()
        return self.proxy or (words[1] if words[:1] == ["proxy"] and len(words) > 1 else "")


class ClosedEvent(Event, frozen=True, kw_only=True):
    """The lab has ended, and nothing is left of it."""


AnyEvent = (
    LabEvent
    | PlannedEvent
    | ApplyingEvent
    | AppliedEvent
    | PulsedEvent
    | VerifiedEvent
    | MeasuredEvent
    | UndoingEvent
    | UndoneEvent
    | FailedEvent
    | RecoveredEvent
    | ClosedEvent
)
