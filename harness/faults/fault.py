"""What every fault is, of whichever kind, and the registry of all of them.

A fault registers itself by being defined, so that adding one is one file: of the lab in ``harness/faults/``, per call
in ``harness/faults/per_call/``. Start, end and toxicity belong to the timeline's step.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from harness.errors import UsageError
from harness.registry import Registry


@dataclass(frozen=True)
class Surroundings:
    """What a scenario offers its faults.

    ``algorithm`` signs its tokens (empty where nobody knows); ``signs`` says whether the issuer's key is at hand,
    ``bearer`` whether tokens go as ``authorization: Bearer``.
    """

    algorithm: str = ""
    signs: bool = False
    bearer: bool = True


class Fault:
    """The base of both kinds; a scenario's own fault derives from `LabFault` or `CallFault`."""

    seat: ClassVar[Literal["environment", "call"]]
    instant: ClassVar[bool] = False
    """Without width: it happens, and there is nothing to undo."""
    partial: ClassVar[bool] = False
    """Whether a toxicity below 1 means something."""

    def __init_subclass__(cls, *, registered: bool = True) -> None:
        super().__init_subclass__()
        if registered:  # else it is a base of others, or of one test
            FAULTS.add(cls.name(), cls)

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

    def needs(self) -> frozenset[str]:
        """Return what the fault acts on.

        ``issuer``, ``target`` (the lab's own), ``clock``, ``process`` (the target's, the lab's or a launched one's),
        ``command`` (a program on the conductor's machine), ``link:<name>``.
        """
        return frozenset()

    def settings(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def facts(self) -> dict[str, Any]:
        """Return what ``run.json`` tells of the fault beside its settings."""
        return {}

    def shortened(self, factor: float) -> "Fault":
        """Return the fault for a course of ``factor`` times the length; one that measures against lives adapts."""
        del factor
        return self


FAULTS: Registry[type[Fault]] = Registry("fault", "harness.faults", "harness.faults.per_call")
"""All faults by name."""


def fault_from_json(name: str, settings: Mapping[str, Any]) -> Fault:
    """Return the fault that a run's files name.

    Raises `UsageError` for an unknown name, or a setting that is unknown or left out, and says which.
    """
    kind = FAULTS.find(name)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if strange := sorted(set(settings) - known):
        raise UsageError(f"{name}: setting {strange[0]!r} is unknown; known are {', '.join(sorted(known)) or 'none'}")
    try:
        return kind(**settings)
    except TypeError as error:
        raise UsageError(f"{name}: {str(error).partition(' ')[2]}; give {', '.join(sorted(known))}") from error
