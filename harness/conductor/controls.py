"""Parts: how faults and their undo reach the issuer, the target, the proxy and the lab's processes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from harness import clock
from harness.errors import LabError
from harness.results.fault_events import Command


@dataclass(frozen=True)
class Controls:
    """The parts that a run has; a part that is None belongs to somebody else.

    Each is an object whose methods carry out a command's action.
    """

    issuer: Any = None
    target: Any = None
    proxy: Any = None
    process: Any = None
    clock: Any = None
    """The verifier's clock: of the lab's target, or of a launched one."""
    command: Any = None
    """What runs the user's own commands."""

    def do(self, command: Command) -> Mapping[str, Any]:
        """Carry out a command; raises `LabError`. The answer holds ``at_ns``."""
        answer = getattr(self._part(command.part), command.action)(**command.arguments)
        taken = answer if isinstance(answer, Mapping) else {}
        return {"at_ns": clock.monotonic_ns(), **taken}

    def state(self, part: str) -> Mapping[str, Any]:
        """Return a part's state; ``proxy:<name>`` is one proxy's."""
        if part.startswith("proxy:"):
            return asdict(self._part("proxy").read(part.removeprefix("proxy:")))
        state: Mapping[str, Any] = self._part(part).state()
        return state

    def _part(self, name: str) -> Any:
        part = {field.name: getattr(self, field.name) for field in fields(self)}.get(name)
        if part is None:
            raise LabError(f"this run has no {name} of its own")
        return part
