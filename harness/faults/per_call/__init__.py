"""Faults per call: pure, run in the worker, one decision per attempt; `harness.faults.per_call.dice` draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from harness.endpoint.metadata import Metadata
from harness.faults.fault import Fault


class Forge(Protocol):
    """What makes bad credentials of good ones, as `harness.defects.forging.Forger` does."""

    def specimens(self, identity: str, good: str) -> Sequence[Any]:
        """Return what a row of the defect catalogue makes of a good token; nothing where it cannot."""


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


class CallFault(Fault, registered=False):
    """A fault that touches calls one by one; the seams are identity here, and a fault overrides what it touches."""

    seat: ClassVar[Literal["environment", "call"]] = "call"

    def keyed(self) -> bool:
        """Tell whether the workers need the issuer's signing key for it."""
        return False

    def expects(self) -> tuple[str, ...]:
        """Return the statuses (names of gRPC's) that are right answers to the calls that it touches; empty: no probe.

        Calls touched by a fault that expects an answer are negative probes: they are counted apart, in no
        failure ratio, response time or recovery, are not sent again, and no good token is given up for them.
        """
        return ()

    def prepare(self) -> None:
        """Make what is made once, before the load begins: no call waits for it then."""

    def facts(self) -> dict[str, Any]:
        """Return the answers that are right."""
        expects = list(self.expects())
        return {"expects": expects} if expects else {}

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
