"""A line per second on what a served lab was asked and answered."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from harness import clock
from harness.errors import LabError
from harness.lab.running import Lab
from harness.serving.traffic import LabTraffic


class TrafficLines:
    """Say what was asked since the last look; ``zero_s``, on the monotonic clock, is what its seconds count from."""

    def __init__(self, lab: Lab) -> None:
        self.zero_s = clock.monotonic()
        self._lab = lab
        self._issuer: Mapping[str, Any] = {}
        self._target: Mapping[str, Any] = {}
        self._told = self.look()

    def look(self) -> LabTraffic:
        """Return the counts so far; of a part that does not answer now, those that it told last."""
        self._issuer = _state(self._lab.issuer.state, self._issuer) if self._lab.issuer else {}
        self._target = _state(self._lab.target.state, self._target) if self._lab.target else {}
        return LabTraffic.of(self._issuer, self._target)

    def tell(self, *, aloud: bool = True) -> LabTraffic:
        """Print a line, if anything was asked since the last one; return what was."""
        now = self.look()
        since, self._told = now.since(self._told), now
        if aloud and (line := since.line()):
            sys.stdout.write(f"{clock.monotonic() - self.zero_s:6.0f} s  {line}\n")
            sys.stdout.flush()
        return since


def _state(ask: Callable[[], Mapping[str, Any]], last: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return ask()
    except LabError:
        return last
