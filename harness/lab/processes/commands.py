"""Commands of the user's own, run for a fault: bounded in time, their output in the run's folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.clock import monotonic, monotonic_ns
from harness.errors import LabError, UsageError
from harness.files import write_whole
from harness.placeholders import SECRETS
from harness.redaction import redact
from harness.tokens.sources import child

MOST_LINES = 1000
"""Of what a command prints, so many lines are kept, the last ones."""


@dataclass(frozen=True)
class Commands:
    """Run commands one at a time, for the run in ``folder``."""

    folder: Path
    _told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, step: str, deed: str, words: Sequence[str], within_s: float) -> Mapping[str, Any]:
        """Run a command to its end; raises `LabError` where it cannot be run, takes too long or does not end with 0."""
        name = words[0]
        began_s = monotonic()
        try:
            filled = SECRETS.compile(list(words), name).fill(None)
            code, output = child.run(filled, within_s, errors=True)
        except UsageError as error:
            raise LabError(str(error)) from error
        except TimeoutError as error:
            raise LabError(f"{name} did not end within {within_s:g} s, and was killed; give more within_s=") from error
        except OSError as error:
            raise LabError(f"{name} cannot be run: {error.strerror}; is it on the PATH of this machine?") from error
        log = self._keep(step, deed, output)
        told = self._told.setdefault(step, {})
        told.update(exit_code=code, took_s=round(monotonic() - began_s, 3))
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise LabError(f"{name} {how}; its output is in {log.name}")
        told["in_force"] = deed == "apply"
        return {"at_ns": monotonic_ns()}

    def state(self) -> dict[str, Any]:
        """Tell of each step how its last command ended, and whether it is in force."""
        return {step: dict(told) for step, told in self._told.items()}

    def _keep(self, step: str, deed: str, output: bytes) -> Path:
        lines = output.decode(errors="replace").splitlines()[-MOST_LINES:]
        return write_whole(self.folder / f"{step}-{deed}.txt", "".join(f"{redact(line)}\n" for line in lines))
