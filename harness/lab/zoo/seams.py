"""Where animals get into a target: its steps, its reading of metadata, and what stands before its gate."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.target.claim_checks import ClaimCheck
from harness.lab.target.gate import TEXTS, Handler, Metadata
from harness.lab.target.warden import Claims, Warden
from harness.results.row import Cause

Continuation = Callable[[Any], Awaitable[Any]]
Intercept = Callable[[Interceptor, Continuation, grpc.HandlerCallDetails], Awaitable[Any]]


def put_steps(target: Assembly, **steps: Any) -> None:
    """Replace steps of the verification."""
    target.steps = replace(target.steps, **steps)


def swap_check(target: Assembly, right: ClaimCheck, *wrong: ClaimCheck) -> None:
    """Replace a claim check, or leave it out where nothing is given for it."""
    checks = [one for check in target.steps.claim_checks for one in (wrong if check is right else (check,))]
    put_steps(target, claim_checks=tuple(checks))


def values_of(metadata: Metadata, *keys: str) -> list[str]:
    """Return the texts under some keys."""
    return [value for key, value in metadata if key in keys and isinstance(value, str)]


def put_before(target: Assembly, intercept: Intercept) -> None:
    """Put a function before the gate; it gets the gate, and may ask it or not."""
    inner = target.wrap_gate

    def wrap(gate: Interceptor) -> Interceptor:
        return _Before(inner(gate), intercept)

    target.wrap_gate = wrap


def rejected(target: Assembly, handler: Handler, causes: Iterable[Cause] = tuple(TEXTS)) -> bool:
    """Return whether a handler is the gate's rejection, for one of these causes."""
    return any(handler is target.turn_away(cause) for cause in causes)


def leave_open(target: Assembly, forgotten: Callable[[Handler], bool]) -> None:
    """Let streams of some kind live on when their token is dead; others are cut as ever."""

    def wrap(warden: Warden) -> Any:
        return _Forgetful(warden, forgotten)

    target.wrap_warden = wrap


class _Forgetful:
    def __init__(self, warden: Warden, forgotten: Callable[[Handler], bool]) -> None:
        self._warden = warden
        self._forgotten = forgotten

    def over(self, handler: Handler, claims: Claims) -> Handler:
        return handler if self._forgotten(handler) else self._warden.over(handler, claims)


class _Before(grpc.aio.ServerInterceptor):  # type: ignore[type-arg] # it takes none at run time
    def __init__(self, gate: Interceptor, intercept: Intercept) -> None:
        self._gate = gate
        self._intercept = intercept

    async def intercept_service(self, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        return await self._intercept(self._gate, continuation, details)
