"""Residents: the lab's processes, as chaos treats them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.clock import monotonic_ns
from harness.errors import LabError
from harness.lab.processes.child import Child
from harness.lab.processes.launched import Launched

Resident = Child | Launched


@dataclass(frozen=True)
class Residents:
    """Kill, start, pause and resume a child by its name; every answer holds ``at_ns``, when it took effect."""

    children: Sequence[Resident]

    def state(self) -> dict[str, Any]:
        """Tell of each child whether it runs, and whether it is paused."""
        return {child.name: {"alive": child.alive(), "paused": child.paused} for child in self.children}

    def kill(self, name: str) -> Mapping[str, Any]:
        """End a process at once."""
        self._find(name).kill()
        return {"at_ns": monotonic_ns()}

    def start(self, name: str) -> Mapping[str, Any]:
        """Start a process again, and wait until it serves; does nothing where it runs."""
        self._find(name).start_again()
        return {"at_ns": monotonic_ns()}

    def pause(self, name: str) -> Mapping[str, Any]:
        """Stop a process in its tracks; its sockets stay open."""
        self._find(name).pause()
        return {"at_ns": monotonic_ns()}

    def resume(self, name: str) -> Mapping[str, Any]:
        """Let a paused process go on."""
        self._find(name).resume()
        return {"at_ns": monotonic_ns()}

    def _find(self, name: str) -> Resident:
        for child in self.children:
            if child.name == name:
                return child
        raise LabError(f"this lab runs no {name}; it runs {', '.join(child.name for child in self.children)}")
