"""What a target makes of credentials: one call without a token, one with a spoilt one, one with a good one.

A target that checks nothing passes every storm, so it is said before the load.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from harness.endpoint.metadata import Metadata
from harness.preflight import Mark, PreflightStep, StepResult
from harness.redaction import redact
from harness.tokens.spoil import spoilt

REFUSALS = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_NO_ANSWER = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})
Call = Callable[[Metadata], Any]
"""Makes one call with this metadata: returns what came, or raises `grpc.RpcError`."""


@dataclass(frozen=True)
class CallEnd:
    """How one call ended: the status by its name, and what it says."""

    code: str
    text: str = ""

    def __str__(self) -> str:
        said = redact(self.text)[:80]
        return f"{self.code} “{said}”" if said else self.code


def answer_of(call: Call, metadata: Metadata) -> CallEnd:
    """Make a call, and return how it ended."""
    try:
        call(metadata)
    except grpc.RpcError as error:
        ended: Any = error
        return CallEnd(ended.code().name, ended.details() or "")
    return CallEnd("OK")


def tried(
    call: Call, carry: Callable[[str], Metadata], token: str | None, beside: Metadata = ()
) -> Iterator[StepResult]:
    """Yield what a target makes of no token, a spoilt one and a good one; ``token`` is the good one, or None.

    ``beside`` is what calls carry besides.
    """
    bare = answer_of(call, beside)
    if token is None:
        yield _without(bare, None)
        return
    good = answer_of(call, beside + carry(token))
    yield _without(bare, good)
    if _let_in(bare, good):
        yield StepResult(PreflightStep.SPOILT, Mark.SKIP, "not tried: a call needs no token at all")
    else:
        yield _spoilt(answer_of(call, beside + carry(spoilt(token))), good)
    yield _good(good, bare)


def _let_in(bad: CallEnd, good: CallEnd | None) -> bool:
    return bad.code == "OK" and (good is None or good.code == "OK")


def _without(bare: CallEnd, good: CallEnd | None) -> StepResult:
    if _let_in(bare, good):
        text = "a call without a token is let in (OK): nothing checks tokens there, so no storm of them can fail"
        return StepResult(PreflightStep.BARE, Mark.WARN, f"{text}; see that the check covers this method", let_in=True)
    return _turned_away(PreflightStep.BARE, bare, good)


def _spoilt(bad: CallEnd, good: CallEnd) -> StepResult:
    if _let_in(bad, good):
        text = "a token with a spoilt signature is let in (OK): signatures are not verified there"
        return StepResult(PreflightStep.SPOILT, Mark.WARN, f"{text}; see what the check does with a token", let_in=True)
    return _turned_away(PreflightStep.SPOILT, bad, good)


def _turned_away(step: PreflightStep, bad: CallEnd, good: CallEnd | None) -> StepResult:
    if bad.code in REFUSALS:
        return StepResult(step, Mark.OK, f"turned away ({bad})")
    if bad.code in _NO_ANSWER:
        return StepResult(step, Mark.WARN, f"no answer ({bad}), so nothing is known of it; is the target well?")
    if bad == good:
        text = f"the same answer as with a good token ({bad}), so nothing is proven"
        return StepResult(step, Mark.WARN, f"{text}; give --data that the method takes")
    known = "in its own way " if good is not None else ""
    return StepResult(step, Mark.OK, f"turned away {known}({bad})")


def _good(good: CallEnd, bare: CallEnd) -> StepResult:
    if good.code == "OK":
        return StepResult(PreflightStep.GOOD, Mark.OK, "let in (OK)")
    if good.code in REFUSALS:
        text = f"turned away ({good}), and so would be every call"
        return StepResult(
            PreflightStep.GOOD, Mark.FAIL, f"{text}; jwtstorm probe ADDRESS --explain-token FILE says why"
        )
    if good.code in _NO_ANSWER:
        return StepResult(
            PreflightStep.GOOD, Mark.FAIL, f"no answer ({good}); is the target well, and the deadline long enough?"
        )
    if good == bare:
        return StepResult(PreflightStep.GOOD, Mark.WARN, f"the method answers {good}; give --data that it takes")
    return StepResult(PreflightStep.GOOD, Mark.OK, f"let in: the method itself answers {good}")
