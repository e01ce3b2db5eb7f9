"""Preflight: what is tried before a load or a probe, one line a step, so that the first that fails is named.

The same steps serve ``run`` (in each worker, `harness.worker.preflight`), ``probe`` (`harness.probe.setup`) and
``jwtstorm doctor --target``, which prints them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import HarnessError, RunError, UsageError


class PreflightStep(StrEnum):
    """A step by the name that people see, in the order in which they are taken."""

    NAMES = "names"
    PROXY = "proxy"
    TCP = "TCP"
    TLS = "TLS"
    HTTP2 = "HTTP/2"
    GRPC = "gRPC"
    TOKEN = "token"  # noqa: S105 - the name of a step
    REFLECTION = "methods"
    BARE = "no token"
    SPOILT = "spoilt token"
    GOOD = "good token"


class Mark(StrEnum):
    """How a step went: ``warn`` is what a user must know, and what hinders nothing; ``skip`` was not tried."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True)
class StepResult:
    """One step: how it went, and what was seen, with the way out where there is something wrong.

    ``usage`` says of one that failed that another option mends it, and not another server.
    """

    step: PreflightStep
    mark: Mark
    text: str
    usage: bool = False
    let_in: bool = False
    """Whether credentials were let in that must not be."""


def exit_code(lines: Iterable[StepResult]) -> int:
    """Return the exit code of steps: 2 or 3 for one that failed, 1 for credentials that are let in, else 0."""
    codes = {Mark.OK: 0, Mark.SKIP: 0}
    return max((codes.get(line.mark, _worth(line)) for line in lines), default=0)


def _worth(line: StepResult) -> int:
    if line.mark is Mark.FAIL:
        return UsageError.exit_code if line.usage else RunError.exit_code
    return int(line.let_in)


def error_of(address: str, line: StepResult) -> HarnessError:
    """Return the error of a step that failed, for a command that cannot go on."""
    kind = UsageError if line.usage else RunError
    return kind(f"target {address}: {line.text}")


def require(address: str, lines: Iterable[StepResult]) -> list[StepResult]:
    """Take the steps, and return their lines; raises the error of the first that fails."""
    taken = []
    for line in lines:
        taken.append(line)
        if line.mark is Mark.FAIL:
            raise error_of(address, line)
    return taken
